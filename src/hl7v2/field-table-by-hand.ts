/**
 * Segments of v2.9 that neither source of the generated table has, in the same form.
 *
 * Source: HL7 v2.9 chapter 3, OH1 to OH4
 */
export const SEGMENTS_BY_HAND: Readonly<Record<string, string>> = {
  OH1: 'SI ID/206 CWE DT DT DT EI',
  OH2: 'SI ID/206 DT CWE CWE CWE DT DT CWE NM NM XON* XAD CWE* ST* FT* EI ID/136',
  OH3: 'SI ID/206 CWE CWE NM DT DT EI',
  OH4: 'SI ID/206 DT DT DT EI',
};

/**
 * Fields on which the two sources differ and neither may rule alone: the richer type, which reads the plainer one's values.
 *
 * Source: HL7 v2.9 chapter 7, OBX-4 is OG there and ST before: a text is the first component of either
 */
export const FIELDS_BY_HAND: Readonly<Record<string, string>> = {
  'OBX-4': 'OG',
};

/** Data types younger than the generated table. Source: HL7 v2.9 chapter 2A, OG */
export const COMPONENTS_BY_HAND: Readonly<Record<string, string>> = {
  OG: 'ST NM NM ST',
};
