import type { RuleCase } from './rule-case.ts';

const TERMS = 'http://terminology.hl7.org/CodeSystem/';
const patient = (rest: object) => ({ resourceType: 'Patient', ...rest });
const coded = (system: string, code: string, rest: object = {}) => ({ coding: [{ system: TERMS + system, code, ...rest }] });
const condition = (rest: object) => ({ resourceType: 'Condition', subject: { reference: 'Patient/1' }, ...rest });
const quantity = (code: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code },
});

/** Value sets by strength, media types and languages by their grammar, units and displays. */
export const terminologyCases: readonly RuleCase[] = [
  {
    rule: 'the language of a resource is a tag',
    right: patient({ language: 'de-AT' }),
    wrong: patient({ language: 'deutsch-' }),
    id: 'code-not-in-value-set',
    at: 'Patient.language',
  },
  {
    rule: 'a code of a required value set',
    right: patient({ gender: 'unknown' }),
    wrong: patient({ gender: 'M' }),
    id: 'code-not-in-value-set',
    at: 'Patient.gender',
  },
  {
    rule: 'codes are case-sensitive',
    right: patient({ gender: 'male' }),
    wrong: patient({ gender: 'Male' }),
    id: 'code-not-in-value-set',
    at: 'Patient.gender',
  },
  {
    rule: 'a required code inside',
    right: patient({ telecom: [{ system: 'phone', value: '1' }] }),
    wrong: patient({ telecom: [{ system: 'telephone', value: '1' }] }),
    id: 'code-not-in-value-set',
    at: 'Patient.telecom[0].system',
  },
  {
    rule: 'a code in a list',
    right: {
      resourceType: 'AllergyIntolerance',
      patient: { reference: 'Patient/1' },
      clinicalStatus: coded('allergyintolerance-clinical', 'active'),
      category: ['food'],
    },
    wrong: {
      resourceType: 'AllergyIntolerance',
      patient: { reference: 'Patient/1' },
      clinicalStatus: coded('allergyintolerance-clinical', 'active'),
      category: ['food', 'drug'],
    },
    id: 'code-not-in-value-set',
    at: 'AllergyIntolerance.category[1]',
  },
  {
    rule: 'a concept of a required value set',
    right: condition({ clinicalStatus: coded('condition-clinical', 'active') }),
    wrong: condition({ clinicalStatus: coded('condition-clinical', 'sick') }),
    id: 'code-not-in-value-set',
    at: 'Condition.clinicalStatus',
  },
  {
    rule: 'a concept by another system',
    right: condition({ clinicalStatus: coded('condition-clinical', 'active') }),
    wrong: condition({ clinicalStatus: coded('allergyintolerance-clinical', 'active') }),
    id: 'code-not-in-value-set',
    at: 'Condition.clinicalStatus',
  },
  {
    rule: 'a concept without a system',
    right: condition({ clinicalStatus: coded('condition-clinical', 'active') }),
    wrong: condition({ clinicalStatus: { coding: [{ code: 'active' }] } }),
    id: 'code-not-in-value-set',
    at: 'Condition.clinicalStatus',
  },
  {
    rule: 'a concept of a required value set in words only',
    right: condition({ clinicalStatus: { ...coded('condition-clinical', 'active'), text: 'x' } }),
    wrong: condition({ clinicalStatus: { text: 'active' } }),
    id: 'code-not-in-value-set',
    at: 'Condition.clinicalStatus',
  },
  {
    rule: 'one right coding is enough',
    right: condition({
      verificationStatus: {
        coding: [
          { system: 'urn:x', code: 'y' },
          { system: `${TERMS}condition-ver-status`, code: 'confirmed' },
        ],
      },
    }),
    wrong: condition({ verificationStatus: { coding: [{ system: 'urn:x', code: 'y' }] } }),
    id: 'code-not-in-value-set',
    at: 'Condition.verificationStatus',
  },
  {
    rule: 'a code outside an extensible value set is a warning',
    right: patient({ maritalStatus: coded('v3-MaritalStatus', 'M') }),
    wrong: patient({ maritalStatus: { coding: [{ system: 'urn:x', code: 'M' }] } }),
    id: 'code-not-in-value-set',
    at: 'Patient.maritalStatus',
  },
  {
    rule: 'a media type',
    right: patient({ photo: [{ contentType: 'image/svg+xml; charset=utf-8' }] }),
    wrong: patient({ photo: [{ contentType: 'jpeg' }] }),
    id: 'code-not-in-value-set',
    at: 'Patient.photo[0].contentType',
  },
  {
    rule: 'the mode of a document',
    right: {
      resourceType: 'CapabilityStatement',
      status: 'draft',
      date: '2026',
      kind: 'requirements',
      fhirVersion: '4.0.1',
      format: ['application/fhir+json'],
      description: 'x',
      rest: [{ mode: 'server' }],
    },
    wrong: {
      resourceType: 'CapabilityStatement',
      status: 'draft',
      date: '2026',
      kind: 'requirements',
      fhirVersion: '4.0.1',
      format: ['application/fhir+json'],
      description: 'x',
      rest: [{ mode: 'both' }],
    },
    id: 'code-not-in-value-set',
    at: 'CapabilityStatement.rest[0].mode',
  },
  {
    rule: 'a resource type as a code',
    right: {
      resourceType: 'OperationDefinition',
      name: 'X',
      status: 'draft',
      kind: 'query',
      code: 'x',
      system: true,
      type: false,
      instance: false,
      resource: ['Patient'],
    },
    wrong: {
      resourceType: 'OperationDefinition',
      name: 'X',
      status: 'draft',
      kind: 'query',
      code: 'x',
      system: true,
      type: false,
      instance: false,
      resource: ['Patent'],
    },
    id: 'code-not-in-value-set',
    at: 'OperationDefinition.resource[0]',
  },
  { rule: 'a unit of UCUM', right: quantity('mm[Hg]'), wrong: quantity('mmHg'), id: 'unit-unknown', at: 'Observation.value.code' },
  {
    rule: 'an arbitrary unit of UCUM',
    right: quantity('[iU]/L'),
    wrong: quantity('IU/L/'),
    id: 'unit-unknown',
    at: 'Observation.value.code',
  },
  {
    rule: 'the display of a code',
    right: patient({ maritalStatus: coded('v3-MaritalStatus', 'M', { display: 'married' }) }),
    wrong: patient({ maritalStatus: coded('v3-MaritalStatus', 'M', { display: 'Divorced' }) }),
    id: 'display-differs',
    at: 'Patient.maritalStatus.coding[0].display',
  },
];
