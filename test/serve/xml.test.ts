import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { formatJson, parseJson } from '../../src/fhir/written-number.ts';
import { parseXml } from '../../src/serve/xml/parse-xml.ts';
import { writeXml } from '../../src/serve/xml/write-xml.ts';
import { definitions } from '../definitions.ts';
import { generateResource } from '../fhir/generate.ts';
import { type Gateway, issueIds, openGateway } from './gateway.ts';

const roundTrip = (json: string) => {
  const parsed = parseJson(json);
  const resource = (parsed.ok ? parsed.value : undefined) as Resource;
  const back = [false, true].map((pretty) => {
    const read = parseXml(Buffer.from(writeXml(resource, definitions, pretty)), definitions, 64);
    return read.ok ? sorted(JSON.parse(formatJson(read.value))) : read.issues;
  });
  return { sent: sorted(JSON.parse(json)), back };
};

/** Members by name: XML has the order of the definition, JSON the sender's. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  );
}

describe('a resource goes to XML and back', () => {
  test.each([
    '{"resourceType":"Patient"}',
    '{"resourceType":"Patient","id":"1","active":false,"multipleBirthInteger":2,"name":[{"id":"n","family":"A & \\"B\\" <C>\\nD","given":["E","F"]}]}',
    '{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://e.org/x","valueString":"about 1980"}]}}',
    '{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"extension":[{"url":"http://e.org/x","valueCode":"masked"}]},{"id":"c"}]}]}',
    '{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"X"}],"managingOrganization":{"reference":"#o"}}',
    '{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p class=\\"a\\">x &lt; y<br/> <b>z</b></p></div>"}}',
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"mg"},"component":[{"code":{"text":"y"},"referenceRange":[{"low":{"value":0.010}}]}]}',
    '{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Basic","code":{"text":"x"}}},{"resource":{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":1},{"name":"b","part":[{"name":"c","valueBoolean":true}]}]}}]}',
    '{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"string"}]}]}',
  ])('%s', (json) => {
    const { sent, back } = roundTrip(json);
    expect(back).toEqual([sent, sent]);
  });

  test('decimals keep their digits, elements the order of the definition', () => {
    const parsed = parseJson(
      '{"valueQuantity":{"unit":"mg","value":1.50},"code":{"text":"x"},"status":"final","resourceType":"Observation"}',
    );
    const xml = writeXml((parsed.ok ? parsed.value : {}) as Resource, definitions, false);
    expect(xml).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="x"/></code>' +
        '<valueQuantity><value value="1.50"/><unit value="mg"/></valueQuantity></Observation>',
    );
    const read = parseXml(Buffer.from(xml), definitions, 64);
    expect(formatJson(read.ok && read.value)).toContain('"value":1.50');
  });
});

describe('any resource R4 allows goes to XML and back', () => {
  test.each([...definitions.resourceTypes])('%s', (type) => {
    for (let round = 0; round < 3; round += 1) {
      const { sent, back } = roundTrip(formatJson(generateResource(definitions, type, round, { extensions: 0.1 })));
      expect(back[0]).toEqual(sent);
    }
  });
});

const synthea = resolve(import.meta.dirname, '../../../shared/fhir/synthea');
test.skipIf(!existsSync(synthea))('a synthetic life goes to XML and back (needs ../shared)', () => {
  const file = readdirSync(synthea).sort()[1] as string;
  const { sent, back } = roundTrip(gunzipSync(readFileSync(join(synthea, file))).toString('utf8'));
  expect(back[0]).toEqual(sent);
});

describe('XML that is wrong', () => {
  test.each([
    '<Patient xmlns="http://hl7.org/fhir"><name></Patient>',
    '<Patient xmlns="http://hl7.org/fhir">text</Patient>',
    '<Patient xmlns="http://hl7.org/fhir"><name><family value="&unknown;"/></name></Patient>',
    '<!DOCTYPE Patient><Patient xmlns="http://hl7.org/fhir"/>',
    '<Patient/>',
    '<a xmlns="http://hl7.org/fhir"/><b/>',
    '',
    `<Patient xmlns="http://hl7.org/fhir">${'<extension>'.repeat(80)}${'</extension>'.repeat(80)}</Patient>`,
    `<Patient xmlns="http://hl7.org/fhir">${'<extension>'.repeat(5000)}${'</extension>'.repeat(5000)}</Patient>`,
  ])('%#', (xml) => {
    const read = parseXml(Buffer.from(xml), definitions, 64);
    expect([read.ok, read.issues.map(({ id }) => id)]).toEqual([false, ['xml-invalid']]);
  });
});

describe('over HTTP', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await openGateway();
  });
  afterAll(() => gateway.close());
  const xml = '<Patient xmlns="http://hl7.org/fhir"><id value="x"/><active value="true"/><birthDate value="1980-03"/></Patient>';

  test('XML is taken, and given to who asks for it', async () => {
    const made = await gateway.http
      .put('/fhir/Patient/x')
      .set('content-type', 'application/fhir+xml')
      .set('accept', 'application/fhir+xml')
      .send(xml);
    expect([made.status, made.headers['content-type']]).toEqual([201, 'application/fhir+xml; charset=utf-8']);
    expect((await gateway.http.get('/fhir/Patient/x')).body).toMatchObject({ active: true, birthDate: '1980-03' });
    expect((await gateway.http.get('/fhir/Patient/x?_format=xml')).text).toContain('<birthDate value="1980-03"/>');
    expect((await gateway.http.get('/fhir/Patient?_format=application/fhir+xml&_pretty=true')).text).toContain(
      '\n    <mode value="match"/>'.replace('    ', '      '),
    );
    const error = await gateway.http.get('/fhir/Patient/nobody').set('accept', 'application/xml');
    expect([error.status, error.text.includes('<OperationOutcome xmlns="http://hl7.org/fhir">')]).toEqual([404, true]);
  });

  test('elements that are not known are named', async () => {
    const reply = await gateway.http
      .post('/fhir/Patient')
      .set('content-type', 'application/fhir+xml')
      .send(xml.replaceAll('active', 'shoeSize'));
    expect([reply.status, issueIds(reply.body)]).toEqual([400, ['element-unknown']]);
  });
});
