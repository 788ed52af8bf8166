import { exit, stderr } from 'node:process';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../start/definitions-file.ts';
import type { Resource } from '../fhir/resource.ts';
import { type Issue, textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { type OfflineTranslation, translateOffline } from '../intake/translate-offline.ts';
import { readClaims, readProfiles, withPackages } from '../start/profile-files.ts';
import { readTranslator } from '../start/translator.ts';
import { compileValidator } from '../validate/compile-validator.ts';

/** The gateway's way from a message to resources, without a store. */
export interface Offline {
  readonly translate: (raw: Uint8Array) => OfflineTranslation;
  /** What a resource misses of each profile of the settings, and of those named; nothing where it meets it. */
  readonly heldAgainst: (resource: Resource, profiles: readonly string[]) => ReadonlyMap<string, readonly Issue[]>;
}

/**
 * Reads the mapping files and the packages of profiles as a start of the gateway does; `packages` are paths beside those of the settings.
 * A faulty file, or a wrong setting, ends the command with each fault on a line and exit code 2.
 */
export function openOffline(packages: readonly string[] = []): Offline {
  try {
    const config = readConfig();
    if (!config.ok) throw new IssueError(...config.issues);
    const { definitions } = readProfiles(readDefinitions(), withPackages(config.value, packages));
    const translator = readTranslator(config.value, definitions);
    const claims = readClaims(config.value, definitions);
    const validator = compileValidator(definitions);
    return {
      translate: (raw) => translateOffline(raw, translator, { validator, claims }),
      heldAgainst(resource, profiles) {
        const all = new Set([...profiles, ...claims(resource.resourceType)]);
        const missedOf = (profile: string) =>
          validator.validate(resource, { profiles: [profile], claims: false }).filter((item) => item.parameters['profile'] === profile);
        return new Map([...all].map((profile) => [profile, missedOf(profile)]));
      },
    };
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return exit(2);
  }
}
