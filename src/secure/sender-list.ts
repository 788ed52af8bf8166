import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';

const MSH_3 = { segment: 'MSH', occurrence: 1, field: 3 } as const;

/** Says why a sender may not send. `names`: those in the certificate it showed; none where it showed none. */
export type SenderCheck = (sender: string, names: readonly string[]) => Issue | undefined;

/**
 * The senders of a setting; undefined when everybody may send. One that is bound to several names sends with a certificate of any of them.
 *
 * Shape: parseSenders('LABSYS|GENHOSP=lab.genhosp.example, ADT1|GENHOSP')
 * Fails: setting-invalid
 */
export function parseSenders(setting: string, text: string): Result<SenderCheck | undefined> {
  if (text.trim() === '') return success(undefined);
  const wrong = failure(
    issue('setting-invalid', {
      setting,
      reason: 'it must be MSH-3|MSH-4, each with =NAME where a certificate of that name is bound to it',
    }),
  );
  const senders = new Map<string, readonly string[]>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, sender, name] = /^([^=|]*\|[^=|]*)(?:=(\S+))?$/.exec(entry) ?? [];
    if (sender === undefined) return wrong;
    senders.set(sender, [...(senders.get(sender) ?? []), ...(name === undefined ? [] : [name])]);
  }
  if (senders.size === 0) return wrong;
  return success((sender, names) => {
    const bound = senders.get(sender);
    if (bound === undefined) return issue('forbidden', { at: MSH_3, reason: 'this application and facility may not send' });
    return bound.length === 0 || bound.some((name) => names.includes(name))
      ? undefined
      : issue('forbidden', { at: MSH_3, reason: 'this application and facility sends with another certificate' });
  });
}
