import { issue, type Issue } from './issue/issue.ts';
import { failure, type Result, success } from './issue/result.ts';
import { type Setting, type SettingName, settings } from './settings.ts';

type Value<S> = S extends { kind: 'integer'; or: infer Word }
  ? number | Word
  : S extends { kind: 'integer' }
    ? number
    : S extends { choices: readonly (infer Word)[] }
      ? Word
      : string;

/** The settings as read, under their names. */
export type Config = { readonly [Name in SettingName]: Value<(typeof settings)[Name]> };

/**
 * The settings out of an environment.
 *
 * Shape: readConfig({ PORT: '9000' }).value.PORT is 9000
 * Fails: setting-invalid, once for each setting that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Result<Config> {
  const values: Record<string, string | number> = {};
  const issues: Issue[] = [];
  for (const name of Object.keys(settings) as SettingName[]) {
    const read = readSetting(name, environment[name] ?? '');
    if (read.ok) values[name] = read.value;
    else issues.push(...read.issues);
  }
  return issues.length === 0 ? success(values as Config) : failure(...issues);
}

function valueOf(setting: Setting, text: string): string | number {
  if (setting.kind === 'url') return text.replace(/\/+$/, '');
  return setting.kind === 'integer' && text !== setting.or ? Number(text) : text;
}

/** One setting, from text. Fails: setting-invalid */
export function readSetting(name: SettingName, text: string): Result<string | number> {
  const setting: Setting = settings[name];
  const given = text === '' ? setting.default : text;
  const reason = whyInvalid(setting, given);
  return reason === undefined ? success(valueOf(setting, given)) : failure(issue('setting-invalid', { setting: name, reason }));
}

function whyInvalid(setting: Setting, text: string): string | undefined {
  switch (setting.kind) {
    case 'integer': {
      if (text === setting.or) return undefined;
      const value = Number(text);
      const [least, most] = [setting.least ?? 0, setting.most ?? Number.MAX_SAFE_INTEGER];
      if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return undefined;
      return `it must be a whole number from ${least} to ${most}${setting.or === undefined ? '' : `, or ${setting.or}`}`;
    }
    case 'choice':
      return setting.choices?.includes(text) ? undefined : `it must be one of ${setting.choices?.join(', ')}`;
    case 'zone':
      return text === '' || isZone(text) ? undefined : 'it must be an IANA time zone such as America/New_York';
    case 'url':
      return text === '' || isBase(text)
        ? undefined
        : 'it must be an address such as https://fhir.example.org/fhir, with no query and no fragment';
    case 'text':
      return undefined;
  }
}

/** Whether addresses can be made by writing after it. */
function isBase(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:\/\/[^/]/i.test(text) && !/[\s?#\\]/.test(text) && url.username === '' && url.password === '';
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
