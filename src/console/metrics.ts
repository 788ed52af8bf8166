import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Outcome } from '../intake/process.ts';
import type { TracedValidation } from '../intake/trace.ts';
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
  /** The MLLP listener's counters, by name; empty when it is off. */
  readonly mllp: () => Readonly<Record<string, number>>;
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
  const mllp = new Gauge({ name: 'chartbridge_mllp', help: 'Counters of the MLLP listener', labelNames: ['what'], registers });
  const invalid = new Counter({
    name: 'chartbridge_validation_issues_total',
    help: 'What validation found in resources of feeds, errors and warnings',
    labelNames: ['issue', 'sender'],
    registers,
  });
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
      for (const [what, value] of Object.entries(sources.mllp())) mllp.set({ what }, value);
      const text = await registry.metrics();
      response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text);
    },
  };
}
