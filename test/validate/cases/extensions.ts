import type { Definition } from '../../../src/fhir/definition-shelf.ts';
import type { RuleCase } from './rule-case.ts';

const STRING = 'urn:test:extension:note';
const CHANGING = 'urn:test:extension:not-true';
const PARTS = 'urn:test:extension:parts';

function definition(url: string, contexts: string[], elements: object[]): Definition {
  return {
    resourceType: 'StructureDefinition',
    url,
    name: 'Test',
    status: 'draft',
    kind: 'complex-type',
    abstract: false,
    type: 'Extension',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Extension',
    derivation: 'constraint',
    context: contexts.map((expression) => ({ type: 'element', expression })),
    differential: { element: elements as never },
  };
}

const part = (name: string, type: string, min: number) => [
  { id: `Extension.extension:${name}`, path: 'Extension.extension', sliceName: name, min, max: '1' },
  { id: `Extension.extension:${name}.url`, path: 'Extension.extension.url', fixedUri: name },
  { id: `Extension.extension:${name}.value[x]`, path: 'Extension.extension.value[x]', min: 1, type: [{ code: type }] },
];

/** A note on patients and family names, one that changes the meaning, one of parts. */
export const extensionDefinitions: readonly Definition[] = [
  definition(
    STRING,
    ['Patient', 'HumanName.family', 'Observation.component.code'],
    [
      { id: 'Extension', path: 'Extension' },
      { id: 'Extension.extension', path: 'Extension.extension', max: '0' },
      { id: 'Extension.url', path: 'Extension.url', fixedUri: STRING },
      { id: 'Extension.value[x]', path: 'Extension.value[x]', min: 1, type: [{ code: 'string' }] },
    ],
  ),
  definition(
    CHANGING,
    ['Element'],
    [
      { id: 'Extension', path: 'Extension', isModifier: true },
      { id: 'Extension.url', path: 'Extension.url', fixedUri: CHANGING },
      { id: 'Extension.value[x]', path: 'Extension.value[x]', min: 1, type: [{ code: 'boolean' }] },
    ],
  ),
  definition(
    PARTS,
    ['DomainResource'],
    [
      { id: 'Extension', path: 'Extension' },
      {
        id: 'Extension.extension',
        path: 'Extension.extension',
        slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'closed' },
      },
      ...part('what', 'string', 1),
      ...part('when', 'date', 0),
      { id: 'Extension.url', path: 'Extension.url', fixedUri: PARTS },
      { id: 'Extension.value[x]', path: 'Extension.value[x]', max: '0' },
    ],
  ),
];

const patient = (rest: object) => ({ resourceType: 'Patient', ...rest });
const note = { url: STRING, valueString: 'x' };
const BAD = 'profile-not-met';
const parts = (...extension: object[]) => patient({ extension: [{ url: PARTS, extension }] });
const what = { url: 'what', valueString: 'x' };
const observation = (rest: object) => ({ resourceType: 'Observation', status: 'final', ...rest });
const ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';

/** Extensions whose definition is loaded. */
export const extensionCases: readonly RuleCase[] = [
  {
    rule: 'an extension stands on the resource it is for',
    right: patient({ extension: [note] }),
    wrong: { resourceType: 'Basic', code: { text: 'x' }, extension: [note] },
    id: BAD,
    at: 'Basic.extension[0]',
  },
  {
    rule: 'an extension stands on the element it is for',
    right: patient({ name: [{ family: 'A', _family: { extension: [note] } }] }),
    wrong: patient({ name: [{ given: ['A'], _given: [{ extension: [note] }] }] }),
    id: BAD,
    at: 'Patient.name[0].given[0].extension[0]',
  },
  {
    rule: 'an extension stands on an element named by its whole path',
    right: observation({ code: { text: 'x' }, component: [{ code: { text: 'x', extension: [note] } }] }),
    wrong: observation({ code: { text: 'x', extension: [note] } }),
    id: BAD,
    at: 'Observation.code.extension[0]',
  },
  {
    rule: 'an extension in an entry of a bundle',
    right: { resourceType: 'Bundle', type: 'collection', entry: [{ resource: patient({ extension: [note] }) }] },
    wrong: {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { resourceType: 'Basic', code: { text: 'x' }, extension: [note] } }],
    },
    id: BAD,
    at: 'Bundle.entry[0].resource.extension[0]',
  },
  {
    rule: 'an extension has a value of its type',
    right: patient({ extension: [note] }),
    wrong: patient({ extension: [{ url: STRING, valueInteger: 1 }] }),
    id: BAD,
    at: 'Patient.extension[0].value',
  },
  {
    rule: 'an extension has the value it must have',
    right: patient({ extension: [note] }),
    wrong: patient({ extension: [{ url: STRING, extension: [{ url: 'a', valueString: 'x' }] }] }),
    id: BAD,
    at: 'Patient.extension[0].value',
    also: ['profile-not-met Patient.extension[0].extension'],
  },
  {
    rule: 'an extension that changes the meaning is a modifierExtension',
    right: patient({ modifierExtension: [{ url: CHANGING, valueBoolean: true }] }),
    wrong: patient({ extension: [{ url: CHANGING, valueBoolean: true }] }),
    id: BAD,
    at: 'Patient.extension[0]',
  },
  {
    rule: 'an extension that changes no meaning is none',
    right: patient({ extension: [note] }),
    wrong: patient({ modifierExtension: [note] }),
    id: BAD,
    at: 'Patient.modifierExtension[0]',
  },
  {
    rule: 'a modifierExtension that nobody knows is said',
    right: patient({ modifierExtension: [{ url: CHANGING, valueBoolean: true }] }),
    wrong: patient({ modifierExtension: [{ url: 'urn:unknown', valueBoolean: true }] }),
    id: 'profile-unknown',
    at: 'Patient.modifierExtension[0]',
  },
  {
    rule: 'an extension has the parts it must have',
    right: parts(what),
    wrong: parts({ url: 'when', valueDate: '2026' }),
    id: BAD,
    at: 'Patient.extension[0].extension',
  },
  {
    rule: 'an extension has no parts but its own',
    right: parts(what, { url: 'when', valueDate: '2026' }),
    wrong: parts(what, { url: 'who', valueString: 'x' }),
    id: BAD,
    at: 'Patient.extension[0].extension[1]',
  },
  {
    rule: 'a part has a value of its type',
    right: parts(what, { url: 'when', valueDate: '2026' }),
    wrong: parts(what, { url: 'when', valueString: '2026' }),
    id: BAD,
    at: 'Patient.extension[0].extension[1].value',
  },
  { rule: 'a part comes once', right: parts(what), wrong: parts(what, what), id: BAD, at: 'Patient.extension[0].extension' },
  {
    rule: 'an extension of R4 itself',
    right: patient({ _birthDate: { extension: [{ url: ABSENT, valueCode: 'unknown' }] } }),
    wrong: patient({ _birthDate: { extension: [{ url: ABSENT, valueString: 'unknown' }] } }),
    id: BAD,
    at: 'Patient.birthDate.extension[0].value',
  },
  {
    rule: 'a required code of an extension of R4',
    right: patient({ _birthDate: { extension: [{ url: ABSENT, valueCode: 'masked' }] } }),
    wrong: patient({ _birthDate: { extension: [{ url: ABSENT, valueCode: 'lost' }] } }),
    id: BAD,
    at: 'Patient.birthDate.extension[0].value',
  },
  {
    rule: 'the time of a birth stands on its date',
    right: patient({
      birthDate: '1980-01-02',
      _birthDate: {
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: '1980-01-02T10:00:00Z' }],
      },
    }),
    wrong: patient({
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: '1980-01-02T10:00:00Z' }],
    }),
    id: BAD,
    at: 'Patient.extension[0]',
  },
];
