import { fieldCountOf, fieldOf } from '../hl7v2/fields.ts';

/** How many fields a segment of one's own has at first: as many as anybody begins with. */
const OWN_FIELDS = 3;

/**
 * A first map of a segment: it is without fault as it stands, maps nothing yet, and says of every field that it is still to be decided.
 *
 * Shape: newMap('ZPI', 'Patient') begins with "map: ZPI to Patient"
 */
export function newMap(segment: string, resource: string): string {
  const known = fieldCountOf(segment);
  const count = known === 0 ? OWN_FIELDS : known;
  const all = Array.from({ length: count }, (_, index) => index + 1);
  const own =
    known === 0
      ? [`fields: { ${all.map((field) => `${field}: ST`).join(', ')} }      # the v2 type of each field; CX CWE DTM NM XCN ...`]
      : [];
  const type = (field: number) => fieldOf(segment, field)?.type ?? 'ST';
  return `${[
    `map: ${segment} to ${resource}`,
    ...own,
    '# What finds the resource again. Without it, the map can only add to a resource of another segment (into:).',
    '# identity:',
    '#   within: patient',
    '#   keys:',
    `#     - ${segment}-1`,
    'rules: []                # take the [] away with the first row',
    '  # v2 field    FHIR element; what is mapped here goes out of not-mapped',
    ...all.slice(0, 3).map((field) => `  # - ${segment}-${field}:      element            # ${type(field)}`),
    'not-mapped:',
    ...all.map((field) => `  - ${segment}-${field}:      to be decided (${type(field)})`),
    '# examples:',
    '#   - name: what it gives, in a sentence',
    '#     given: |',
    '#       PID|1||1^^^HOSP^MR',
    `#       ${segment}|...`,
    '#     gives: { element: value }',
  ].join('\n')}\n`;
}
