import type { RuleCase } from './rule-case.ts';

const UUID = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0';
const patient = { resourceType: 'Patient', id: 'p' };
const composition = {
  resourceType: 'Composition',
  status: 'final',
  type: { text: 'x' },
  date: '2026',
  author: [{ reference: 'Patient/p' }],
  title: 'x',
};
const header = { resourceType: 'MessageHeader', eventUri: 'urn:x', source: { endpoint: 'urn:y' } };
const bundle = (type: string, entry: object[], rest: object = {}) => ({ resourceType: 'Bundle', type, ...rest, entry });
const identified = { identifier: { system: 'urn:x', value: '1' }, timestamp: '2026-01-02T10:00:00Z' };
const entered = (resource: object, at: number) => ({ fullUrl: UUID + at, resource });
const BAD = 'bundle-invalid';
const RULE = 'invariant-not-met';

/** What holds a bundle together. */
export const bundleCases: readonly RuleCase[] = [
  {
    rule: 'a document begins with its composition',
    right: bundle('document', [entered(composition, 1), entered(patient, 2)], identified),
    wrong: bundle('document', [entered(patient, 2), entered(composition, 1)], identified),
    id: RULE,
    key: 'bdl-11',
    at: 'Bundle',
  },
  {
    rule: 'a document has an identifier',
    right: bundle('document', [entered(composition, 1)], identified),
    wrong: bundle('document', [entered(composition, 1)], { timestamp: identified.timestamp }),
    id: RULE,
    key: 'bdl-9',
    at: 'Bundle',
  },
  {
    rule: 'a document has a time',
    right: bundle('document', [entered(composition, 1)], identified),
    wrong: bundle('document', [entered(composition, 1)], { identifier: identified.identifier }),
    id: RULE,
    key: 'bdl-10',
    at: 'Bundle',
  },
  {
    rule: 'a message begins with its header',
    right: bundle('message', [entered(header, 1), entered(patient, 2)]),
    wrong: bundle('message', [entered(patient, 2), entered(header, 1)]),
    id: RULE,
    key: 'bdl-12',
    at: 'Bundle',
  },
  {
    rule: 'what is in a document has an address',
    right: bundle('document', [entered(composition, 1), entered(patient, 2)], identified),
    wrong: bundle('document', [entered(composition, 1), { resource: patient }], identified),
    id: BAD,
    at: 'Bundle.entry[1].fullUrl',
  },
  {
    rule: 'address and id say the same',
    right: bundle('collection', [{ fullUrl: 'http://a.org/Patient/p', resource: patient }]),
    wrong: bundle('collection', [{ fullUrl: 'http://a.org/Patient/q', resource: patient }]),
    id: BAD,
    at: 'Bundle.entry[0].fullUrl',
  },
  {
    rule: 'address and type say the same',
    right: bundle('collection', [{ fullUrl: 'http://a.org/Patient/p', resource: patient }]),
    wrong: bundle('collection', [{ fullUrl: 'http://a.org/Person/p', resource: patient }]),
    id: BAD,
    at: 'Bundle.entry[0].fullUrl',
  },
  {
    rule: 'every entry of a transaction says what to do',
    right: bundle('transaction', [{ resource: patient, request: { method: 'POST', url: 'Patient' } }]),
    wrong: bundle('transaction', [{ resource: patient }]),
    id: RULE,
    key: 'bdl-3',
    at: 'Bundle',
  },
];
