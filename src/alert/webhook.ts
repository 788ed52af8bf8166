import type { AlertEvent } from './alerts.ts';

/** Where alerts are sent. */
export interface Webhook {
  /** Sent as soon as it can be, in order. */
  send(event: AlertEvent): void;
  /** Gives up what could not be sent. */
  stop(): void;
}

const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 60_000;
/** What waits longest goes first: it says least of how things are now. */
const MOST_WAITING = 500;

/**
 * Sends alerts one after another, each again until it is taken.
 *
 * @param post resolves to undefined when the text was taken, else to why not
 * Shape: {"alert":"queue-depth","state":"start","subject":"","value":1200,"limit":1000,"unit":"messages","since":"2026-01-02T09:30:00.000Z","at":"..."}
 */
export function createWebhook(
  post: (text: string) => Promise<string | undefined>,
  log: { warn(fields: object, words: string): void },
): Webhook {
  const waiting: AlertEvent[] = [];
  let wait = FIRST_WAIT_MS;
  let timer: NodeJS.Timeout | undefined;
  let isSending = false;
  let isStopped = false;

  async function sendNext(): Promise<void> {
    const [event] = waiting;
    if (event === undefined || isSending || isStopped) return;
    isSending = true;
    const { since, at, ...rest } = event;
    const refused = await post(JSON.stringify({ ...rest, since: new Date(since).toISOString(), at: new Date(at).toISOString() }));
    isSending = false;
    if (refused === undefined) {
      if (waiting[0] === event) waiting.shift();
      wait = FIRST_WAIT_MS;
      void sendNext();
      return;
    }
    log.warn({ reason: refused, waiting: waiting.length }, 'an alert could not be sent');
    if (isStopped) return;
    timer = setTimeout(() => void sendNext(), wait).unref();
    wait = Math.min(wait * 2, MOST_WAIT_MS);
  }

  return {
    send(event) {
      waiting.push(event);
      if (waiting.length > MOST_WAITING) waiting.shift();
      if (waiting.length === 1) void sendNext();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
