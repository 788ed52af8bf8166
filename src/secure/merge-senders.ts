import { issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';

/**
 * Whether a sender is among those of a setting; undefined when every sender is.
 *
 * Shape: parseMergeSenders('MERGE_SENDERS', 'MPI|GENHOSP, ADT1|GENHOSP')
 * Fails: setting-invalid
 */
export function parseMergeSenders(setting: string, text: string): Result<((sender: string) => boolean) | undefined> {
  const senders = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  if (senders.some((sender) => !/^[^=|]*\|[^=|]*$/.test(sender)))
    return failure(
      issue('setting-invalid', {
        setting,
        reason: 'it must be MSH-3|MSH-4, separated by commas; ALLOWED_SENDERS binds them to certificates',
      }),
    );
  return success(senders.length === 0 ? undefined : (sender) => senders.includes(sender));
}
