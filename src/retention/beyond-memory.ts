import { issue, type Issue } from '../issue/issue.ts';

const DAY_MS = 86_400_000;

/**
 * Why a message is too old to be taken for new: it may be one whose row is forgotten. Undefined: it is not, or does not say when it was written.
 *
 * @param sentAt MSH-7.1 as sent; what it leaves open is taken for early, and a day is allowed for zones and clocks
 * @param rememberedFrom messages received after this are all remembered. UTC ms; undefined: none was ever forgotten
 * Fails: message-beyond-memory
 */
export function beyondMemory(sentAt: string, rememberedFrom: number | undefined): Issue | undefined {
  if (rememberedFrom === undefined) return undefined;
  const found = /^(\d{4})(\d{2})?(\d{2})?/.exec(sentAt);
  if (found === null) return undefined;
  const [year = 0, month = 1, day = 1] = found.slice(1).map((digits) => (digits === undefined ? undefined : Number(digits)));
  if (Date.UTC(year, month - 1, day) - DAY_MS > rememberedFrom) return undefined;
  return issue('message-beyond-memory', { at: { segment: 'MSH', occurrence: 1, field: 7 } });
}
