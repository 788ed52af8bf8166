/** A search parameter of one's own: patients by an extension. */
export const EYES = {
  resourceType: 'SearchParameter',
  id: 'eyes',
  url: 'http://example.org/SearchParameter/eyes',
  name: 'eyes',
  status: 'active',
  description: 'x',
  code: 'eyes',
  base: ['Patient'],
  type: 'token',
  expression: "Patient.extension.where(url = 'urn:eyes').value as code",
};
