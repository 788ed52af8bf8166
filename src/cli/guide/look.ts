import type { GuideStep } from './path.ts';

/** Made resources by what refers to them. */
export type ByUrl = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/**
 * What stands at a path of the guide: every value, in every repetition, references followed. `urls` are those of the extensions on the
 * way, where the guide tells them in other rows.
 */
export function valuesAt(root: unknown, path: readonly GuideStep[], byUrl: ByUrl, urls: readonly (string | undefined)[]): unknown[] {
  let standing: unknown[] = [root];
  let left = [...urls];
  for (const [index, step] of path.entries()) {
    const next = path[index + 1]?.name;
    const url = step.name === 'extension' ? left[0] : undefined;
    if (step.name === 'extension') left = left.slice(1);
    standing = standing.flatMap((node) => below(node, step.name, next, url));
    const { into } = step;
    if (into === undefined) continue;
    standing = standing.flatMap((node) => {
      const target = follow(node, byUrl);
      const fits = into.types.some((type) => type === '' || type === 'Any' || target?.['resourceType'] === type);
      if (target !== undefined && fits) return valuesAt(target, into.path, byUrl, left);
      // A reference that says no more than a number or a name.
      return target === undefined && into.path[0]?.name === 'identifier' ? below(node, 'identifier', undefined, undefined) : [];
    });
  }
  return standing;
}

function below(node: unknown, name: string, next: string | undefined, url: string | undefined): unknown[] {
  if (Array.isArray(node)) return (node as readonly unknown[]).flatMap((item) => below(item, name, next, url));
  if (typeof node !== 'object' || node === null) return [];
  const record = node as Readonly<Record<string, unknown>>;
  if (name === 'reference' && typeof record['reference'] === 'string' && next === undefined) return [node];
  const found = name === 'extension' ? extensions(record, url) : (record[name] ?? choiceOf(record, name));
  const shadow = next === 'extension' ? record[`_${name}`] : undefined;
  return [...flat(found), ...flat(shadow)];
}

/** `uri` of an extension means its url. */
function choiceOf(record: Readonly<Record<string, unknown>>, name: string): unknown {
  if (name === 'uri' && 'url' in record) return record['url'];
  return undefined;
}

function extensions(record: Readonly<Record<string, unknown>>, url: string | undefined): unknown[] {
  const all = flat(record['extension']);
  return url === undefined ? all : all.filter((one) => sameUrl((one as { url?: string }).url, url));
}

/** The guide writes addresses of extensions with https, with a stop or a blank at the end. */
function sameUrl(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && plainUrl(one) === plainUrl(other);
}

/** Shape: ' https://hl7.org/fhir/X.' -> 'http://hl7.org/fhir/X' */
export function plainUrl(url: string): string {
  return url
    .trim()
    .replace(/^https:/, 'http:')
    .replace('/v\\5.0/', '/5.0/')
    .replace(/\.$/, '');
}

function flat(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? (value as unknown[]).filter((item) => item !== null) : [value];
}

function follow(node: unknown, byUrl: ByUrl): Readonly<Record<string, unknown>> | undefined {
  const reference = (node as { reference?: unknown } | null)?.reference;
  return typeof reference === 'string' ? byUrl.get(reference) : undefined;
}

/** A value as text, with what it refers to two steps far: where a planted value is looked for. */
export function textWith(value: unknown, byUrl: ByUrl, depth = 2): string {
  return JSON.stringify(value, (key, item: unknown) => {
    const target = key === 'reference' && typeof item === 'string' && depth > 0 ? byUrl.get(item) : undefined;
    return target === undefined ? item : textWith(target, byUrl, depth - 1);
  });
}
