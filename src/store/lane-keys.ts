import type { MessageRow } from './journal.ts';

/** The lanes a message runs in: those of every patient it names; else of its visit; else of the connection it came by. */
export function laneKeysOf({ keys, channel }: Pick<MessageRow, 'keys' | 'channel'>): string[] {
  if (keys.mrn.length > 0) return keys.mrn.map((mrn) => `mrn ${mrn}`);
  if (keys.visit.length > 0) return keys.visit.map((visit) => `visit ${visit}`);
  return [`channel ${channel}`];
}
