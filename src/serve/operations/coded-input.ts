import type { FhirRequest } from '../fhir-request.ts';
import { parametersIn, simpleInputs, valueIn } from './parameters.ts';

/** A code an operation is asked about. */
export interface CodedInput {
  readonly system?: string;
  readonly code: string;
  readonly display?: string;
}

/** The codes of a request: code with system, a coding, or the codings of a codeableConcept. */
export function codedInputs(request: FhirRequest): CodedInput[] {
  const one = (name: string) => simpleInputs(request, name)[0];
  const [code, system, display] = [one('code'), one('system'), one('display')];
  if (code !== undefined) return [codedInput({ system, code, display })].flat();
  const body = request.body?.kind === 'resource' ? (parametersIn(request.body.value) ?? []) : [];
  const given = body.filter(({ name }) => name === 'coding' || name === 'codeableConcept').map(valueIn);
  return given.flatMap((value) => {
    const { coding } = (value ?? {}) as { coding?: unknown };
    return (Array.isArray(coding) ? (coding as unknown[]) : [value]).flatMap(codedInput);
  });
}

function codedInput(value: unknown): CodedInput[] {
  const { system, code, display } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || code === '') return [];
  return [{ code, ...(typeof system === 'string' ? { system } : {}), ...(typeof display === 'string' ? { display } : {}) }];
}
