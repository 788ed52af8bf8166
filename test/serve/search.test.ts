import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, BASE, idsIn, issueIds, linkIn, openGateway } from './gateway.ts';

let gateway: Gateway;
const FHIR = 'application/fhir+json';
const put = (resource: { resourceType: string; id: string }) =>
  gateway.http.put(`/fhir/${resource.resourceType}/${resource.id}`).set('content-type', FHIR).send(JSON.stringify(resource));
const find = async (path: string) => {
  const reply = await gateway.http.get(`/fhir/${path}`);
  expect([path, reply.status, reply.status === 200 ? [] : reply.body.issue]).toEqual([path, 200, []]);
  return idsIn(reply.body).sort();
};

beforeAll(async () => {
  gateway = await openGateway();
  const resources = [
    { resourceType: 'Organization', id: 'org1', name: 'Sankt Anna', identifier: [{ system: 'urn:org', value: '1' }] },
    { resourceType: 'Organization', id: 'org2', name: 'Sankt Anna Labor', partOf: { reference: 'Organization/org1' } },
    {
      resourceType: 'Patient',
      id: 'p1',
      active: true,
      identifier: [{ type: { coding: [{ system: 'urn:types', code: 'MR' }] }, system: 'urn:mrn', value: '1|1' }],
      name: [{ family: 'Müller', given: ['Anna', 'Maria'] }],
      gender: 'female',
      birthDate: '1980-03',
      managingOrganization: { reference: 'Organization/org2' },
      meta: { tag: [{ system: 'urn:tag', code: 'a' }], profile: ['http://hl7.org/fhir/StructureDefinition/Patient'], source: 'urn:feed#1' },
      telecom: [{ system: 'phone', value: '0151 1234' }],
    },
    {
      resourceType: 'Patient',
      id: 'p2',
      identifier: [{ system: 'urn:mrn', value: '2' }],
      name: [{ family: 'Mueller, Jr.' }],
      gender: 'male',
      birthDate: '1980-03-15',
    },
    {
      resourceType: 'Patient',
      id: 'p3',
      identifier: [{ value: '2' }],
      name: [{ family: 'Schmidt' }],
      gender: 'other',
      deceasedBoolean: true,
    },
    ...[
      { id: 'o1', value: 5.4, date: '2026-01-01T08:00:00Z', subject: 'Patient/p1' },
      { id: 'o2', value: 7, date: '2026-01-02', subject: 'Patient/p1' },
      { id: 'o3', value: 120, date: '2026-01-03T08:00:00+02:00', subject: 'Patient/p2' },
    ].map(({ id, value, date, subject }) => ({
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: id === 'o3' ? '8480-6' : '718-7', display: 'Hemoglobin' }] },
      effectiveDateTime: date,
      subject: { reference: subject },
      valueQuantity: { value, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
    })),
    {
      resourceType: 'Observation',
      id: 'o4',
      status: 'registered',
      code: { text: 'free text' },
      subject: { identifier: { system: 'urn:mrn', value: '9' } },
    },
    {
      resourceType: 'List',
      id: 'l1',
      status: 'current',
      mode: 'working',
      entry: [{ item: { reference: 'Patient/p1' } }, { item: { reference: 'Patient/p3' } }],
    },
    {
      resourceType: 'Encounter',
      id: 'e1',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      subject: { reference: 'Patient/p1' },
    },
  ];
  for (const resource of resources)
    expect([(await put(resource)).status, gateway.logged.filter((line) => line.includes('internal'))]).toEqual([201, []]);
});
afterAll(() => gateway.close());

describe('every kind of parameter finds what it means', () => {
  test.each([
    ['Patient?name=muller', ['p1']],
    ['Patient?name=anna', ['p1']],
    ['Patient?name:exact=Müller', ['p1']],
    ['Patient?name:exact=muller', []],
    ['Patient?family:contains=ELLER', ['p2']],
    ['Patient?family=Mueller\\,', ['p2']],
    ['Patient?gender=female,other', ['p1', 'p3']],
    ['Patient?gender:not=male', ['p1', 'p3']],
    ['Patient?identifier=2', ['p2', 'p3']],
    ['Patient?identifier=urn:mrn|2', ['p2']],
    ['Patient?identifier=|2', ['p3']],
    ['Patient?identifier=urn:mrn|', ['p1', 'p2']],
    ['Patient?identifier=urn:mrn|1\\|1', ['p1']],
    ['Patient?identifier:of-type=urn:types|MR|1\\|1', ['p1']],
    ['Patient?birthdate=1980', ['p1', 'p2']],
    ['Patient?birthdate=1980-03', ['p1', 'p2']],
    ['Patient?birthdate=1980-03-15', ['p2']],
    ['Patient?birthdate=ge1980-03-15', ['p1', 'p2']],
    ['Patient?birthdate=sa1980-03-14', ['p2']],
    ['Patient?birthdate:missing=true', ['p3']],
    ['Patient?active=true', ['p1']],
    ['Patient?deceased=true', ['p3']],
    ['Patient?phone=0151%201234', ['p1']],
    ['Patient?_id=p1,p3', ['p1', 'p3']],
    ['Patient?_tag=urn:tag|a', ['p1']],
    ['Patient?_source=urn:feed%231', ['p1']],
    ['Patient?_profile=http://hl7.org/fhir/StructureDefinition/Patient', ['p1']],
    ['Patient?_lastUpdated=2026-01-02', ['p1', 'p2', 'p3']],
    ['Patient?_lastUpdated=gt2026-01-02', []],
    ['Patient?_list=l1', ['p1', 'p3']],
    ['Patient?name=muller&gender=male', []],
    ['Observation?code=http://loinc.org|718-7', ['o1', 'o2']],
    ['Observation?code:text=hemo', ['o1', 'o2', 'o3']],
    ['Observation?code=718-7&date=ge2026-01-02', ['o2']],
    ['Observation?date=2026-01-03T06:00:00Z', ['o3']],
    ['Observation?value-quantity=5.4', ['o1']],
    ['Observation?value-quantity=gt5|http://unitsofmeasure.org|g/dL', ['o1', 'o2', 'o3']],
    ['Observation?value-quantity=lt6||g/dL', ['o1']],
    ['Observation?value-quantity=54|http://unitsofmeasure.org|g/L', ['o1']],
    ['Observation?value-quantity=ge70|http://unitsofmeasure.org|mg/mL', ['o2', 'o3']],
    ['Observation?value-quantity=7||mg', []],
    ['Observation?subject=Patient/p1', ['o1', 'o2']],
    ['Observation?subject=p1', ['o1', 'o2']],
    ['Observation?patient=p1', ['o1', 'o2']],
    [`Observation?subject=${BASE}/Patient/p2`, ['o3']],
    ['Observation?subject:identifier=urn:mrn|9', ['o4']],
    ['Observation?subject:Patient.name=muller', ['o1', 'o2']],
    ['Observation?patient.organization.name=sankt%20anna%20labor', ['o1', 'o2']],
    ['Observation?subject:Patient.organization.partof.identifier=urn:org|1', ['o1', 'o2']],
    ['Observation?subject._id=p2', ['o3']],
    ['Patient?_has:Observation:patient:code=8480-6', ['p2']],
    ['Patient?_has:Observation:patient:value-quantity=gt6&gender=female', ['p1']],
    ['Organization?_has:Patient:organization:_has:Observation:patient:code=718-7', ['org2']],
    ['Observation?code-value-quantity=http://loinc.org|8480-6$gt100', ['o3']],
    ['Observation?code-value-quantity=http://loinc.org|718-7$gt100', []],
    ['Encounter?class:below=http://terminology.hl7.org/CodeSystem/v3-ActCode|_ActEncounterCode', ['e1']],
    ['Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', ['p1', 'p2', 'p3']],
    ['?_type=Patient,Organization&_tag=urn:tag|a', ['p1']],
    ['Patient/p1/Observation', ['o1', 'o2']],
    ['Patient/p1/Observation?value-quantity=7', ['o2']],
    ['Patient/p1/*', ['e1', 'l1', 'o1', 'o2', 'p1'].filter((id) => id !== 'l1')],
  ])('%s', async (path, ids) => {
    expect(await find(path)).toEqual(ids);
  });
});

describe('what is shown', () => {
  test('sorted by a value, either way', async () => {
    const order = async (path: string) => idsIn((await gateway.http.get(`/fhir/${path}`)).body);
    expect(await order('Observation?_sort=value-quantity&value-quantity:missing=false')).toEqual(['o1', 'o2', 'o3']);
    expect(await order('Observation?_sort=-date&date:missing=false')).toEqual(['o3', 'o2', 'o1']);
    expect(await order('Patient?_sort=-_id')).toEqual(['p3', 'p2', 'p1']);
  });

  test('includes follow references, both ways and further', async () => {
    const modes = async (path: string) => {
      const { body } = await gateway.http.get(`/fhir/${path}`);
      return (body.entry as { resource: { id: string }; search: { mode: string } }[]).map(
        ({ resource, search }) => `${search.mode} ${resource.id}`,
      );
    };
    expect(await modes('Observation?_id=o1&_include=Observation:subject')).toEqual(['match o1', 'include p1']);
    expect(await modes('Observation?_id=o1&_include=*')).toEqual(['match o1', 'include p1']);
    expect(
      await modes(
        'Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof',
      ),
    ).toEqual(['match o1', 'include p1', 'include org2', 'include org1']);
    expect((await modes('Patient?_id=p1&_revinclude=Observation:subject')).sort()).toEqual(['include o1', 'include o2', 'match p1']);
    expect((await modes('Patient?_id=p1&_revinclude=*')).sort()).toEqual([
      'include e1',
      'include l1',
      'include o1',
      'include o2',
      'match p1',
    ]);
  });

  test('_summary and _elements show a part, marked as such', async () => {
    const [summary] = (await gateway.http.get('/fhir/Observation?_id=o1&_summary=true')).body.entry;
    expect(summary.resource).toMatchObject({ id: 'o1', status: 'final', meta: { tag: [{ code: 'SUBSETTED' }] } });
    const [elements] = (await gateway.http.get('/fhir/Patient?_id=p1&_elements=birthDate,deceased')).body.entry;
    expect(Object.keys(elements.resource).sort()).toEqual(['birthDate', 'id', 'meta', 'resourceType']);
    const [choice] = (await gateway.http.get('/fhir/Observation?_id=o1&_elements=value')).body.entry;
    expect(Object.keys(choice.resource).sort()).toEqual(['code', 'id', 'meta', 'resourceType', 'status', 'valueQuantity']);
    const count = (await gateway.http.get('/fhir/Patient?_summary=count')).body;
    expect([count.total, count.entry]).toEqual([3, undefined]);
    const read = (await gateway.http.get('/fhir/Patient/p1?_summary=data')).body;
    expect(read.meta.tag).toContainEqual({ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' });
  });

  test('totals only on request', async () => {
    expect((await gateway.http.get('/fhir/Patient')).body.total).toBeUndefined();
    expect((await gateway.http.get('/fhir/Patient?_total=accurate')).body.total).toBe(3);
  });

  test('POST _search finds the same, with parameters in the body and in the address', async () => {
    const reply = await gateway.http.post('/fhir/Patient/_search?gender=female').type('form').send('name=muller');
    expect(idsIn(reply.body)).toEqual(['p1']);
    expect(linkIn(reply.body, 'self')).toBe('/fhir/Patient?gender=female&name=muller');
    expect(idsIn((await gateway.http.post('/fhir/Patient/p1/Observation/_search').type('form').send('code=718-7')).body).sort()).toEqual([
      'o1',
      'o2',
    ]);
  });

  test('a form may choose the format', async () => {
    const reply = await gateway.http.post('/fhir/Patient/_search').type('form').send('_id=p1&_format=xml');
    expect(reply.headers['content-type']).toBe('application/fhir+xml; charset=utf-8');
  });

  test('an unknown parameter is left out and named, or refused', async () => {
    const lenient = await gateway.http.get('/fhir/Patient?shoe-size=43&gender=male');
    expect(idsIn(lenient.body)).toEqual(['p2']);
    expect(linkIn(lenient.body, 'self')).toBe('/fhir/Patient?gender=male');
    expect(lenient.body.entry.at(-1)).toMatchObject({ search: { mode: 'outcome' }, resource: { resourceType: 'OperationOutcome' } });
    const strict = await gateway.http.get('/fhir/Patient?shoe-size=43').set('prefer', 'handling=strict');
    expect([strict.status, issueIds(strict.body)]).toEqual([400, ['search-parameter-unknown']]);
  });

  test('a cursor that no page gave is refused', async () => {
    const reply = await gateway.http.get('/fhir/Patient?_cursor=nonsense');
    expect([reply.status, issueIds(reply.body)]).toEqual([400, ['parameter-invalid']]);
  });
});

test('pages have no gap and no double while others write, and their links carry every parameter', async () => {
  const fresh = await openGateway();
  try {
    const write = (id: string, family: string) =>
      fresh.http
        .put(`/fhir/Patient/${id}`)
        .set('content-type', FHIR)
        .send({ resourceType: 'Patient', id, name: [{ family }], gender: 'female' });
    for (let index = 0; index < 25; index += 1) await write(`s${String(index).padStart(2, '0')}`, `Name${index % 7}`);
    for (const sort of ['', '&_sort=family', '&_sort=-family', '&_sort=_id', '&_sort=-_lastUpdated']) {
      const seen: string[] = [];
      let path: string | undefined = `/fhir/Patient?gender=female&_elements=id&_count=4${sort}`;
      let page = 0;
      while (path !== undefined) {
        const reply = await fresh.http.get(path);
        seen.push(...idsIn(reply.body));
        page += 1;
        await write(`w-${sort.replaceAll(/\W/g, '')}-${page}`, 'Name3');
        path = linkIn(reply.body, 'next');
        if (path !== undefined) expect(path).toMatch(/gender=female&_elements=id&_count=4/);
      }
      const early = seen.filter((id) => id.startsWith('s'));
      expect([sort, early.length, new Set(early).size]).toEqual([sort, 25, 25]);
      expect(new Set(seen).size).toBe(seen.length);
    }
  } finally {
    await fresh.close();
  }
});

test('includes beyond the limit are cut, and the answer says so', async () => {
  const fresh = await openGateway();
  try {
    await fresh.http.put('/fhir/Patient/p').set('content-type', FHIR).send({ resourceType: 'Patient', id: 'p' });
    const resource = { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: { reference: 'Patient/p' } };
    for (const count of [1000, 10]) {
      const entry = Array.from({ length: count }, () => ({ resource, request: { method: 'POST', url: 'Flag' } }));
      const made = await fresh.http
        .post('/fhir')
        .set('content-type', FHIR)
        .send(JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }));
      expect(made.status).toBe(200);
    }
    const { body } = await fresh.http.get('/fhir/Patient?_id=p&_revinclude=Flag:subject');
    expect(idsIn(body)).toHaveLength(1001);
    expect(issueIds(body.entry.at(-1).resource)).toEqual(['includes-cut']);
  } finally {
    await fresh.close();
  }
});

test('a string search agrees with a scan for any name', async () => {
  const fresh = await openGateway();
  try {
    const alphabet = fc.constantFrom('a', 'B', 'ä', 'ß', ' ', ',', '|', '$', '\\', '-', '%', '_', '*');
    const name = fc.string({ unit: alphabet, minLength: 1, maxLength: 4 }).filter((text) => text.trim() !== '');
    const names = fc.sample(name, 60);
    for (const [index, family] of names.entries()) {
      await fresh.http
        .put(`/fhir/Patient/n${index}`)
        .set('content-type', FHIR)
        .send({ resourceType: 'Patient', id: `n${index}`, name: [{ family }] });
    }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), async (family) => {
        const value = encodeURIComponent(family.replaceAll(/[\\,|$]/g, '\\$&'));
        const found = idsIn((await fresh.http.get(`/fhir/Patient?family:exact=${value}&_count=100`)).body);
        const expected = names.flatMap((other, index) => (other === family ? [`n${index}`] : []));
        expect(found.sort()).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  } finally {
    await fresh.close();
  }
});
