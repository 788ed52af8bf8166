import { formatAddress } from './address.ts';
import type { Issue } from './issue.ts';

/** An issue as one object of a log line. It holds no value and no free text: either may identify a patient. */
export function toLogLine(item: Issue): Record<string, string> {
  return {
    issue: item.id,
    severity: item.severity,
    ...(item.at === undefined ? {} : { at: formatAddress(item.at) }),
    ...(item.expression === undefined ? {} : { expression: item.expression }),
    ...(item.row === undefined ? {} : { row: item.row }),
  };
}
