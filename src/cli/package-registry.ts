import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { compareVersions, meetsVersion } from '../validate/package/version.ts';

const MOST_BYTES = 200_000_000;
const PATIENCE_MS = 60_000;

/**
 * The archive of a package from a registry of FHIR packages; of `latest` and `6.1.x` the newest release there is.
 *
 * Fails: throws IssueError package-unavailable
 * Source: FHIR NPM package specification, registries: GET [registry]/[name] and GET [registry]/[name]/[version]
 */
export async function fetchPackage(registry: string, name: string, version: string): Promise<Uint8Array> {
  const root = `${registry.replace(/\/+$/, '')}/${encodeURIComponent(name)}`;
  const fail = (reason: string) => new IssueError(issue('package-unavailable', { package: `${name}@${version}`, reason }));
  const get = async (url: string): Promise<Uint8Array> => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), headers: { Accept: '*/*' } });
      if (!response.ok) throw fail(`the registry answers ${response.status}`);
      return await bounded(response, () => fail(`it is longer than ${MOST_BYTES} bytes`));
    } catch (error) {
      if (error instanceof IssueError) throw error;
      throw fail('the registry cannot be reached');
    }
  };
  if (/^\d[^x*]*$/.test(version)) return get(`${root}/${version}`);
  const listed = await get(root);
  const exact = newestOf(listed, version);
  if (exact === undefined) throw fail('the registry has no such version');
  return get(`${root}/${exact}`);
}

async function bounded(response: Response, tooLong: () => IssueError): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += (part as Uint8Array).length;
    if (length > MOST_BYTES) throw tooLong();
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts);
}

/** The newest version that meets what is asked for: releases before drafts. */
function newestOf(listing: Uint8Array, wanted: string): string | undefined {
  let versions: string[];
  try {
    const { versions: found } = JSON.parse(Buffer.from(listing).toString('utf8')) as { versions?: Record<string, unknown> };
    versions = Object.keys(found ?? {}).filter((version) => /^\d[\w.-]*$/.test(version) && meetsVersion(version, wanted));
  } catch {
    return undefined;
  }
  const releases = versions.filter((version) => !version.includes('-'));
  return (releases.length > 0 ? releases : versions).toSorted(compareVersions).at(-1);
}
