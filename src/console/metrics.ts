import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Alert } from '../alert/alerts.ts';
import type { Feed } from '../alert/feeds.ts';
import type { Outcome } from '../intake/process.ts';
import type { TracedValidation } from '../intake/trace.ts';
import type { DiskState } from '../retention/disk.ts';
import type { Journal } from '../store/journal.ts';

/** What is counted. No label holds anything of a patient. */
export interface Metrics {
  /** A message ended with this answer. Units: seconds since it was received */
  message(code: Outcome['code'] | 'failed', seconds: number): void;
  /** What validation found in the resources of a message, but for what is only information. */
  validation(sender: string, validated: readonly TracedValidation[]): void;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Where the figures come from that are looked up when they are asked for. */
export interface MetricsSources {
  readonly journal: Journal;
  readonly intakeDepth: () => number;
  readonly listeners: () => readonly { readonly name: string; counters(): object }[];
  readonly alerts: () => readonly Alert[];
  readonly feeds: () => Promise<readonly Feed[]>;
  /** When the oldest of the messages that are not finished was received. UTC ms. */
  readonly oldest: () => Promise<number | undefined>;
  readonly disk: () => DiskState;
  /** Of messages since the start. */
  readonly forgotten: () => { readonly content: number; readonly rows: number; readonly bytes: number };
  /** Since the start, by what was asked for. */
  readonly refusals: () => ReadonlyMap<string, number>;
}

/** Senders are named by messages, so that names without number must not fill the memory. */
const MOST_SENDERS = 200;

/** Prometheus metrics, at /metrics. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const answered = new Counter({ name: 'chartbridge_messages_total', help: 'Messages ended, by MSA-1', labelNames: ['code'], registers });
  const seconds = new Histogram({
    name: 'chartbridge_message_seconds',
    help: 'From receiving a message to its end',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers,
  });
  const rows = new Gauge({
    name: 'chartbridge_journal_messages',
    help: 'Messages in the journal, by status',
    labelNames: ['status'],
    registers,
  });
  const depth = new Gauge({ name: 'chartbridge_intake_depth', help: 'Messages waiting or being processed', registers });
  const mllp = new Gauge({ name: 'chartbridge_mllp', help: 'Counters of each MLLP listener', labelNames: ['listener', 'what'], registers });
  const invalid = new Counter({
    name: 'chartbridge_validation_issues_total',
    help: 'What validation found in resources of feeds, errors and warnings',
    labelNames: ['issue', 'sender'],
    registers,
  });
  const oldest = new Gauge({
    name: 'chartbridge_queue_oldest_seconds',
    help: 'Age of the oldest message that is not finished',
    registers,
  });
  const feeds = new Gauge({
    name: 'chartbridge_feed_messages',
    help: 'Messages of each feed since the start, by what became of them',
    labelNames: ['sender', 'what'],
    registers,
  });
  const lifetimes = new Gauge({
    name: 'chartbridge_feed_lifetime_messages',
    help: 'Messages of each feed over all starts, by what became of them',
    labelNames: ['sender', 'what'],
    registers,
  });
  const answerSeconds = new Gauge({
    name: 'chartbridge_feed_answer_seconds',
    help: 'How long the last answers of each feed took',
    labelNames: ['sender', 'quantile'],
    registers,
  });
  const lastAt = new Gauge({
    name: 'chartbridge_feed_last_seconds',
    help: 'When a feed last sent a message',
    labelNames: ['sender'],
    registers,
  });
  const alerts = new Gauge({ name: 'chartbridge_alert', help: 'Alerts that are on', labelNames: ['alert', 'subject'], registers });
  const disk = new Gauge({ name: 'chartbridge_disk_bytes', help: 'The disk of the database', labelNames: ['what'], registers });
  const forgotten = new Gauge({
    name: 'chartbridge_forgotten',
    help: 'Messages forgotten since the start',
    labelNames: ['what'],
    registers,
  });
  const refused = new Gauge({ name: 'chartbridge_refused', help: 'Requests refused since the start', labelNames: ['what'], registers });
  const senders = new Set<string>();
  return {
    validation(sender, validated) {
      const found = validated.flatMap(({ issues }) => issues.filter(({ severity }) => severity !== 'information'));
      if (found.length === 0) return;
      if (senders.size < MOST_SENDERS) senders.add(sender);
      for (const item of found) invalid.inc({ issue: item.id, sender: senders.has(sender) ? sender : 'other' });
    },
    message(code, elapsed) {
      answered.inc({ code });
      seconds.observe(elapsed);
    },
    async handle(_request, response) {
      for (const [status, count] of Object.entries(await sources.journal.counts())) rows.set({ status }, count);
      depth.set(sources.intakeDepth());
      mllp.reset();
      for (const listener of sources.listeners())
        for (const [what, value] of Object.entries(listener.counters())) mllp.set({ listener: listener.name, what }, value as number);
      const oldestAt = await sources.oldest();
      oldest.set(oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1000);
      for (const { sender, sinceStart, lifetime, lastAt: last, p50, p99 } of await sources.feeds()) {
        for (const [what, count] of Object.entries(sinceStart)) feeds.set({ sender, what }, count as number);
        for (const [what, count] of Object.entries(lifetime)) lifetimes.set({ sender, what }, count as number);
        for (const [quantile, ms] of Object.entries({ '0.5': p50, '0.99': p99 }))
          if (ms !== undefined) answerSeconds.set({ sender, quantile }, ms / 1000);
        if (last !== undefined) lastAt.set({ sender }, last / 1000);
      }
      alerts.reset();
      for (const { alert, subject } of sources.alerts()) alerts.set({ alert, subject }, 1);
      const { free, total, isFull } = sources.disk();
      for (const [what, value] of Object.entries({ free, total, full: Number(isFull) })) disk.set({ what }, value);
      for (const [what, count] of Object.entries(sources.forgotten())) forgotten.set({ what }, count);
      for (const [what, count] of sources.refusals()) refused.set({ what }, count);
      const text = await registry.metrics();
      response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text);
    },
  };
}
