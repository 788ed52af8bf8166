import type { ElementDefinition } from 'fhir/r4.js';
import type { RuleCase } from './rule-case.ts';

type Json = Record<string, unknown>;
type Discriminator = NonNullable<NonNullable<ElementDefinition['slicing']>['discriminator']>[number];

const SD = 'http://hl7.org/fhir/StructureDefinition/';
const code = (value: string, system = 'urn:s') => ({ coding: [{ system, code: value }] });
const observation = (rest: Json): Json => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...rest });
const el = (id: string, rest: Partial<ElementDefinition>): ElementDefinition => {
  const path = id.replace(/:[^.]*/g, '');
  const name = /:([^.]*)$/.exec(id)?.[1];
  return { id, path, ...(name === undefined ? {} : { sliceName: name }), ...rest };
};
const sliced = (path: string, discriminator: Discriminator[], rest: Partial<NonNullable<ElementDefinition['slicing']>> = {}) =>
  el(path, { slicing: { discriminator, rules: 'open', ...rest } });

const component = (value: string, rest: object = {}) => ({ code: code(value), ...rest });
const byCode = (type: 'value' | 'pattern', path = 'code') => ({ type, path });
const one = (name: string, min: number, max: string) => [
  el(`Observation.component:${name}`, { min, max }),
  el(`Observation.component:${name}.code`, { patternCodeableConcept: code(name) }),
];
const AT = 'Observation.component';
const system = (name: string, min: number, max = '1') => [
  el(`Observation.identifier:${name}`, { min, max }),
  el(`Observation.identifier:${name}.system`, { min: 1, fixedUri: `urn:${name}` }),
];
const id = (name: string, value?: string) => ({ system: `urn:${name}`, ...(value === undefined ? {} : { value }) });
const patientRef = { reference: 'Patient/1' };
const practitionerRef = { reference: 'Practitioner/1' };

const TABLE: readonly [rule: string, at: string, elements: ElementDefinition[], right: Json, wrong: Json][] = [
  [
    'by pattern: a slice that must be',
    AT,
    [sliced(AT, [byCode('pattern')]), ...one('a', 1, '1')],
    { component: [component('b'), component('a')] },
    { component: [component('b')] },
  ],
  [
    'by value: a slice that must be',
    AT,
    [sliced(AT, [byCode('value')]), ...one('a', 1, '1')],
    { component: [component('a')] },
    { component: [component('b')] },
  ],
  [
    'a slice that may be once',
    AT,
    [sliced(AT, [byCode('pattern')]), ...one('a', 0, '1')],
    { component: [component('a'), component('b'), component('b')] },
    { component: [component('a'), component('a')] },
  ],
  [
    'a rule for one slice only',
    `${AT}[1].value`,
    [sliced(AT, [byCode('pattern')]), ...one('a', 0, '1'), el('Observation.component:a.value[x]', { min: 1 })],
    { component: [component('b'), component('a', { valueString: 'x' })] },
    { component: [component('b'), component('a')] },
  ],
  [
    'closed: nothing but slices',
    `${AT}[1]`,
    [sliced(AT, [byCode('pattern')], { rules: 'closed' }), ...one('a', 0, '1')],
    { component: [component('a')] },
    { component: [component('a'), component('b')] },
  ],
  [
    'open at the end: the rest comes last',
    `${AT}[1]`,
    [sliced(AT, [byCode('pattern')], { rules: 'openAtEnd' }), ...one('a', 0, '1')],
    { component: [component('a'), component('b')] },
    { component: [component('b'), component('a')] },
  ],
  [
    'ordered: slices in their order',
    `${AT}[1]`,
    [sliced(AT, [byCode('pattern')], { ordered: true }), ...one('a', 0, '1'), ...one('b', 0, '1')],
    { component: [component('a'), component('b')] },
    { component: [component('b'), component('a')] },
  ],
  [
    'by a fixed value below',
    'Observation.identifier',
    [sliced('Observation.identifier', [{ type: 'value', path: 'system' }]), ...system('a', 1)],
    { identifier: [id('b'), id('a')] },
    { identifier: [id('b')] },
  ],
  [
    'by a fixed value: the rule for one slice',
    'Observation.identifier[1].value',
    [
      sliced('Observation.identifier', [{ type: 'value', path: 'system' }]),
      ...system('a', 0),
      el('Observation.identifier:a.value', { min: 1 }),
    ],
    { identifier: [id('b'), id('a', '1')] },
    { identifier: [id('b'), id('a')] },
  ],
  [
    'by two discriminators together',
    'Observation.identifier',
    [
      sliced('Observation.identifier', [
        { type: 'value', path: 'system' },
        { type: 'value', path: 'use' },
      ]),
      ...system('a', 1),
      el('Observation.identifier:a.use', { fixedCode: 'official' }),
    ],
    { identifier: [{ ...id('a'), use: 'official' }] },
    { identifier: [{ ...id('a'), use: 'temp' }] },
  ],
  [
    'by a value deep inside a pattern',
    AT,
    [sliced(AT, [{ type: 'value', path: 'code.coding.code' }]), ...one('a', 1, '1')],
    { component: [component('a')] },
    { component: [component('b')] },
  ],
  [
    'by a required binding',
    'Observation.category',
    [
      sliced('Observation.category', [{ type: 'value', path: '$this' }]),
      el('Observation.category:known', {
        min: 1,
        max: '1',
        binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/observation-category' },
      }),
    ],
    { category: [code('x'), code('exam', 'http://terminology.hl7.org/CodeSystem/observation-category')] },
    { category: [code('x')] },
  ],
  [
    'by the pattern of the element itself',
    'Observation.category',
    [
      sliced('Observation.category', [{ type: 'pattern', path: '$this' }]),
      el('Observation.category:a', { min: 1, max: '1', patternCodeableConcept: code('a') }),
    ],
    { category: [code('b'), { ...code('a'), text: 'x' }] },
    { category: [code('b')] },
  ],
  [
    'by children of a pattern without one of its own',
    'Observation.category',
    [
      sliced('Observation.category', [{ type: 'value', path: 'coding' }]),
      el('Observation.category:a', { min: 1, max: '1' }),
      el('Observation.category:a.coding', { min: 1 }),
      el('Observation.category:a.coding.code', { min: 1, fixedCode: 'a' }),
    ],
    { category: [code('b'), code('a')] },
    { category: [code('b')] },
  ],
  [
    'by type: the rule for one type of a choice',
    'Observation.value.unit',
    [
      sliced('Observation.value[x]', [{ type: 'type', path: '$this' }]),
      el('Observation.value[x]:valueQuantity', { min: 0, max: '1', type: [{ code: 'Quantity' }] }),
      el('Observation.value[x]:valueQuantity.unit', { min: 1 }),
    ],
    { valueQuantity: { value: 1, unit: 'x' } },
    { valueQuantity: { value: 1 } },
  ],
  [
    'by type: a rule for one type says nothing of another',
    'Observation.value.unit',
    [
      sliced('Observation.value[x]', [{ type: 'type', path: '$this' }]),
      el('Observation.value[x]:valueQuantity', { min: 0, max: '1', type: [{ code: 'Quantity' }] }),
      el('Observation.value[x]:valueQuantity.unit', { min: 1 }),
    ],
    { valueString: 'x' },
    { valueQuantity: { value: 1 } },
  ],
  [
    'by type: in the short form',
    'Observation.value.system',
    [el('Observation.valueQuantity', {}), el('Observation.valueQuantity.system', { min: 1 })],
    { valueString: 'x' },
    { valueQuantity: { value: 1 } },
  ],
  [
    'by type: closed',
    'Observation.value',
    [
      sliced('Observation.value[x]', [{ type: 'type', path: '$this' }], { rules: 'closed' }),
      el('Observation.value[x]:valueQuantity', { min: 0, max: '1', type: [{ code: 'Quantity' }] }),
    ],
    { valueQuantity: { value: 1 } },
    { valueString: 'x' },
  ],
  [
    'by the type a reference points to',
    'Observation.performer',
    [
      sliced('Observation.performer', [{ type: 'type', path: 'resolve()' }]),
      el('Observation.performer:practitioner', { min: 1, max: '1', type: [{ code: 'Reference', targetProfile: [`${SD}Practitioner`] }] }),
    ],
    { performer: [patientRef, practitionerRef] },
    { performer: [patientRef] },
  ],
  [
    'by the profile of what a reference points to',
    'Observation.hasMember',
    [
      sliced('Observation.hasMember', [{ type: 'profile', path: 'resolve()' }]),
      el('Observation.hasMember:weight', { min: 1, max: '1', type: [{ code: 'Reference', targetProfile: [`${SD}bodyweight`] }] }),
    ],
    {
      contained: [
        {
          resourceType: 'Observation',
          id: 'o',
          status: 'final',
          category: [code('vital-signs', 'http://terminology.hl7.org/CodeSystem/observation-category')],
          code: code('29463-7', 'http://loinc.org'),
          subject: patientRef,
          effectiveDateTime: '2026-01-02',
          valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
        },
      ],
      hasMember: [{ reference: '#o' }],
    },
    { contained: [{ resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' } }], hasMember: [{ reference: '#o' }] },
  ],
  [
    'by what a reference leads to',
    'Observation.performer',
    [
      sliced('Observation.performer', [{ type: 'type', path: 'resolve()' }]),
      el('Observation.performer:organization', { min: 1, max: '1', type: [{ code: 'Reference', targetProfile: [`${SD}Organization`] }] }),
    ],
    { contained: [{ resourceType: 'Organization', id: 'o', name: 'x' }], performer: [{ reference: '#o' }] },
    { contained: [{ resourceType: 'Practitioner', id: 'o' }], performer: [{ reference: '#o' }] },
  ],
  [
    'by existence',
    `${AT}[1].interpretation`,
    [
      sliced(AT, [{ type: 'exists', path: 'value' }]),
      el('Observation.component:valued', { min: 0, max: '*' }),
      el('Observation.component:valued.value[x]', { min: 1 }),
      el('Observation.component:valued.interpretation', { min: 1 }),
      el('Observation.component:absent', { min: 0, max: '*' }),
      el('Observation.component:absent.value[x]', { max: '0' }),
    ],
    { component: [component('a'), component('b', { valueString: 'x', interpretation: [{ text: 'x' }] })] },
    { component: [component('a'), component('b', { valueString: 'x' })] },
  ],
  [
    'by existence: the slice without',
    AT,
    [
      sliced(AT, [{ type: 'exists', path: 'value' }]),
      el('Observation.component:absent', { min: 0, max: '1' }),
      el('Observation.component:absent.value[x]', { max: '0' }),
    ],
    { component: [component('a'), component('b', { valueString: 'x' })] },
    { component: [component('a'), component('b')] },
  ],
  [
    'by an extension below',
    'Observation.identifier',
    [
      sliced('Observation.identifier', [
        { type: 'exists', path: "extension('http://hl7.org/fhir/StructureDefinition/identifier-validDate')" },
      ]),
      el('Observation.identifier:noted', { min: 1, max: '1' }),
      el('Observation.identifier:noted.extension', { slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' } }),
      el('Observation.identifier:noted.extension:note', {
        min: 1,
        max: '1',
        type: [{ code: 'Extension', profile: ['http://hl7.org/fhir/StructureDefinition/identifier-validDate'] }],
      }),
    ],
    {
      identifier: [
        { value: '1' },
        { value: '2', extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/identifier-validDate', valueDateTime: '2026' }] },
      ],
    },
    { identifier: [{ value: '1' }] },
  ],
  [
    'slices of slices',
    'Observation.identifier',
    [
      sliced('Observation.identifier', [{ type: 'value', path: 'system' }]),
      el('Observation.identifier:a', { min: 0, max: '*', slicing: { discriminator: [{ type: 'value', path: 'use' }], rules: 'open' } }),
      el('Observation.identifier:a.system', { min: 1, fixedUri: 'urn:a' }),
      el('Observation.identifier:a/official', { min: 1, max: '1' }),
      el('Observation.identifier:a/official.use', { min: 1, fixedCode: 'official' }),
    ],
    { identifier: [id('b'), { ...id('a'), use: 'official' }, { ...id('a'), use: 'temp' }] },
    {
      identifier: [
        { ...id('b'), use: 'official' },
        { ...id('a'), use: 'temp' },
      ],
    },
  ],
  [
    'slices within slices',
    `${AT}[0].code.coding`,
    [
      sliced(AT, [{ type: 'value', path: 'code.text' }]),
      el('Observation.component:a', { min: 0, max: '1' }),
      el('Observation.component:a.code', {}),
      el('Observation.component:a.code.text', { min: 1, fixedString: 'a' }),
      el('Observation.component:a.code.coding', { slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' } }),
      el('Observation.component:a.code.coding:loinc', { min: 1, max: '1' }),
      el('Observation.component:a.code.coding:loinc.system', { min: 1, fixedUri: 'http://loinc.org' }),
    ],
    { component: [{ code: { text: 'a', coding: [{ system: 'urn:x' }, { system: 'http://loinc.org' }] } }, { code: { text: 'b' } }] },
    { component: [{ code: { text: 'a', coding: [{ system: 'urn:x' }] } }, { code: { text: 'b' } }] },
  ],
  [
    'an extension that must be, by its address',
    'Observation.extension',
    [
      el('Observation.extension', { slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' } }),
      el('Observation.extension:position', {
        min: 1,
        max: '1',
        type: [{ code: 'Extension', profile: [`${SD}observation-bodyPosition`] }],
      }),
    ],
    {
      extension: [
        { url: 'urn:x', valueString: 'y' },
        { url: `${SD}observation-bodyPosition`, valueCodeableConcept: { text: 'x' } },
      ],
    },
    { extension: [{ url: 'urn:x', valueString: 'y' }] },
  ],
  [
    'an extension without any word on slicing',
    'Observation.extension',
    [
      el('Observation.extension:position', {
        min: 1,
        max: '1',
        type: [{ code: 'Extension', profile: [`${SD}observation-bodyPosition`] }],
      }),
    ],
    { extension: [{ url: `${SD}observation-bodyPosition`, valueCodeableConcept: { text: 'x' } }] },
    { extension: [{ url: 'urn:x', valueString: 'y' }] },
  ],
];

/** Slices by every kind of discriminator. */
export const slicingCases: readonly RuleCase[] = TABLE.map(([rule, at, elements, right, wrong]) => ({
  rule,
  right: observation(right),
  wrong: observation(wrong),
  id: 'profile-not-met',
  at,
  profile: [el('Observation', {}), ...elements],
}));
