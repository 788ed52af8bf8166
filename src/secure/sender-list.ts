import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';

/** Says why a sender may not send. `certificate`: the common name of the certificate it showed, where it showed one. */
export type SenderCheck = (sender: string, certificate: string | undefined) => Issue | undefined;

/**
 * The senders of a setting; undefined when everybody may send.
 *
 * Shape: parseSenders('LABSYS|GENHOSP=lab.genhosp.example, ADT1|GENHOSP')
 * Fails: setting-invalid
 */
export function parseSenders(setting: string, text: string): Result<SenderCheck | undefined> {
  const senders = new Map<string, string | undefined>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, sender, certificate] = /^([^=|]*\|[^=|]*)(?:=(\S+))?$/.exec(entry) ?? [];
    if (sender === undefined) {
      return failure(
        issue('setting-invalid', { setting, reason: 'it must be MSH-3|MSH-4, each with =common name where a certificate is bound to it' }),
      );
    }
    senders.set(sender, certificate);
  }
  if (senders.size === 0) return success(undefined);
  return success((sender, certificate) => {
    if (!senders.has(sender)) return issue('forbidden', { reason: 'this application and facility may not send' });
    const bound = senders.get(sender);
    return bound === undefined || bound === certificate
      ? undefined
      : issue('forbidden', { reason: 'this application and facility sends with another certificate' });
  });
}
