import { gzipSync } from 'node:zlib';
import { assert, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { loadPackages } from '../../src/validate/package/load-packages.ts';
import { parsePackageArchive } from '../../src/validate/package/package.ts';
import { isInside, readTar } from '../../src/validate/package/tar.ts';
import { definitions } from '../definitions.ts';
import { entry, tar } from './tar-archive.ts';

const MANIFEST = entry('package/package.json', '{"name":"a","version":"1"}');
const ids = (archive: Uint8Array) => {
  const result = parsePackageArchive(archive, 'a.tgz');
  return result.ok ? [] : result.issues.map((item) => item.id);
};

describe('an archive', () => {
  test('gives its files, also those with long names', () => {
    const long = `package/${'x'.repeat(120)}.json`;
    const read = readTar(tar(MANIFEST, entry('././@LongLink', `${long}\0`, 'L'), entry('cut', '{}'), entry('package/dir/', '', '5')), 'a');
    expect(read.ok && read.value.map((file) => file.path)).toEqual(['package/package.json', long]);
    const pax = readTar(tar(entry('PaxHeader', `${11 + long.length} path=${long}\n`, 'x'), entry('cut', '{}')), 'a');
    expect(pax.ok && pax.value.map((file) => file.path)).toEqual([long]);
  });

  test.each([
    ['a path above it', entry('../evil.json', '{}')],
    ['a path above it in the middle', entry('package/../../evil.json', '{}')],
    ['an absolute path', entry('/etc/evil.json', '{}')],
    ['a drive', entry('C:/evil.json', '{}')],
    ['a path with backslashes', entry('package\\..\\evil.json', '{}')],
    ['a symbolic link', entry('package/link', '', '2')],
    ['a hard link', entry('package/link', '', '1')],
    ['a device', entry('package/null', '', '3')],
    ['a damaged header', entry('package/a.json', '{}', '0', 1)],
  ])('with %s is refused', (_, bad) => {
    expect(ids(gzipSync(tar(MANIFEST, bad)))).toEqual(['package-invalid']);
  });

  test('that is none, has no manifest or holds what is no JSON is refused', () => {
    expect(ids(Buffer.from('hello'))).toEqual(['package-invalid']);
    expect(ids(gzipSync(tar(entry('package/a.json', '{}'))))).toEqual(['package-invalid']);
    expect(ids(gzipSync(tar(MANIFEST, entry('package/a.json', '{'))))).toEqual(['package-invalid']);
    expect(ids(gzipSync(tar(MANIFEST).subarray(0, 515)))).toEqual(['package-invalid']);
    expect(ids(gzipSync(tar(MANIFEST)))).toEqual([]);
  });

  test('of any bytes ends in files or an issue', () => {
    assert(property(uint8Array({ maxLength: 2048 }), (bytes) => typeof readTar(bytes, 'a').ok === 'boolean'));
    assert(property(uint8Array({ minLength: 100, maxLength: 100 }), (name) => !isInside(`../${String(name)}`)));
  });
});

describe('what cannot be checked', () => {
  const found = (resource: object, profiles: string[] = []) =>
    compileValidator(definitions)
      .validate(resource, { profiles })
      .map((item) => `${item.severity} ${item.id} ${item.expression}`);

  test('a profile that is not loaded is said, and said to be unchecked', () => {
    expect(found({ resourceType: 'Patient', meta: { profile: ['urn:unknown'] } })).toEqual(['warning profile-unknown Patient']);
    expect(found({ resourceType: 'Patient' }, ['urn:other'])).toEqual(['warning profile-unknown Patient']);
  });

  test('a code of a value set that is not loaded is said once', () => {
    const vital = (code: string) => ({ system: 'http://loinc.org', code });
    const code = { coding: [vital('29463-7')] };
    const dose = (value: string) => ({ system: 'http://dicom.nema.org/resources/ontology/DCM', code: value });
    const study = { resourceType: 'ImagingStudy', status: 'available', subject: { reference: 'Patient/1' }, reasonCode: [code] };
    expect(found({ ...study, series: [dose('CT'), dose('MR')].map((modality) => ({ uid: '1.2', modality })) })).toEqual([
      'information code-not-checked ImagingStudy.series[0].modality',
    ]);
  });

  test('a rule whose expression cannot be evaluated is said, and is no error', () => {
    const loaded = loadPackages(definitions, [
      {
        name: 'a',
        version: '1',
        dependencies: {},
        examples: [],
        definitions: [
          {
            resourceType: 'StructureDefinition',
            url: 'urn:p',
            name: 'P',
            status: 'draft',
            kind: 'resource',
            abstract: false,
            type: 'Patient',
            baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
            derivation: 'constraint',
            differential: {
              element: [
                {
                  id: 'Patient',
                  path: 'Patient',
                  constraint: [{ key: 'p-1', severity: 'error', human: 'x', expression: 'noSuchFunction(' }],
                },
              ],
            },
          },
          {
            resourceType: 'StructureDefinition',
            url: 'urn:q',
            name: 'Q',
            status: 'draft',
            kind: 'resource',
            abstract: false,
            type: 'Patient',
            baseDefinition: 'urn:nowhere',
            derivation: 'constraint',
            differential: { element: [{ id: 'Patient', path: 'Patient' }] },
          },
        ],
      },
    ]);
    expect(loaded.issues.map((item) => [item.id, item.parameters.profile])).toEqual([['profile-unusable', 'urn:q']]);
    const validator = compileValidator(loaded.definitions);
    const issues = validator.validate({ resourceType: 'Patient' }, { profiles: ['urn:p', 'urn:q'] });
    expect(issues.map((item) => `${item.severity} ${item.id}`)).toEqual(['information invariant-not-checked', 'warning profile-unknown']);
  });
});
