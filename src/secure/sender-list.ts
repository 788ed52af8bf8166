import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { type ApiKeys, KEY_NAME } from './api-keys.ts';

const MSH_3 = { segment: 'MSH', occurrence: 1, field: 3 } as const;

/** Says why a sender may not send. `names`: that of its key and those in its certificate; none where it showed neither. */
export type SenderCheck = (sender: string, names: readonly string[]) => Issue | undefined;

/**
 * The senders of a setting; undefined when everybody may send. One that is bound to several names sends with a certificate or key of any of
 * them.
 *
 * Shape: parseSenders('ALLOWED_SENDERS', 'LABSYS|GENHOSP=lab.genhosp.example, POCT|GENHOSP=key:poct, ADT1|GENHOSP', keys)
 * Fails: setting-invalid
 */
export function parseSenders(setting: string, text: string, keys: ApiKeys | undefined): Result<SenderCheck | undefined> {
  if (text.trim() === '') return success(undefined);
  const wrong = (reason: string) => failure(issue('setting-invalid', { setting, reason }));
  const shape = 'it must be MSH-3|MSH-4, each with =NAME where it is bound to a certificate of that name, or with =key:NAME to a key';
  const senders = new Map<string, readonly string[]>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, sender, name] = /^([^=|]*\|[^=|]*)(?:=(\S+))?$/.exec(entry) ?? [];
    if (sender === undefined) return wrong(shape);
    if (name?.startsWith(KEY_NAME) === true && keys?.has(name) !== true) return wrong(`HL7_API_KEYS has none for ${name}`);
    senders.set(sender, [...(senders.get(sender) ?? []), ...(name === undefined ? [] : [name])]);
  }
  if (senders.size === 0) return wrong(shape);
  return success((sender, names) => {
    const bound = senders.get(sender);
    if (bound === undefined) return issue('forbidden', { at: MSH_3, reason: 'this application and facility may not send' });
    return bound.length === 0 || bound.some((name) => names.includes(name))
      ? undefined
      : issue('forbidden', { at: MSH_3, reason: 'this application and facility sends with another certificate or key' });
  });
}
