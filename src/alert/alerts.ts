import type { AlertName, Reading } from './conditions.ts';

/** An alert that is on. */
export interface Alert {
  readonly alert: AlertName;
  readonly subject: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  /** UTC ms. */
  readonly since: number;
}

/** The beginning or the end of an alert. */
export interface AlertEvent extends Alert {
  readonly state: 'start' | 'end';
  /** UTC ms. */
  readonly at: number;
}

/** What is to be seen to now. */
export interface Alerts {
  /** Holds readings against what was on before; each beginning and each end is told once. */
  take(readings: readonly Reading[], now: number): void;
  readonly active: readonly Alert[];
}

/** Alerts that are told to somebody. */
export function createAlerts(tell: (event: AlertEvent) => void): Alerts {
  const active = new Map<string, Alert>();
  return {
    take(readings, now) {
      const ended = new Map(active);
      for (const { alert, subject, value, limit, unit, isBad, isGood } of readings) {
        const key = `${alert} ${subject}`;
        const known = active.get(key);
        const latest: Alert = { alert, subject, value, limit, unit, since: known?.since ?? now };
        if (known === undefined ? isBad : !isGood) {
          active.set(key, latest);
          ended.delete(key);
          if (known === undefined) tell({ ...latest, state: 'start', at: now });
        } else if (known !== undefined) ended.set(key, latest);
      }
      // what is no longer looked at has ended too
      for (const [key, latest] of ended) {
        active.delete(key);
        tell({ ...latest, state: 'end', at: now });
      }
    },
    get active() {
      return [...active.values()];
    },
  };
}
