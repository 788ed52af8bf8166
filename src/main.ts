import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { pino } from 'pino';
import type { Config } from './config.ts';
import { createMessagesHandler } from './console/messages.ts';
import { createReadyz, livez } from './console/health.ts';
import { createMetrics } from './console/metrics.ts';
import { readDefinitions } from './definitions-file.ts';
import { compileCompartments } from './fhir/compartments.ts';
import { compileExtractor } from './fhir/index-extraction.ts';
import type { Definitions } from './fhir/definitions.ts';
import { writeAcknowledgment } from './hl7v2/acknowledgment.ts';
import { createIntake, type RunningIntake } from './intake/create-intake.ts';
import { translateOffline } from './intake/translate-offline.ts';
import { issue, textOf } from './issue/issue.ts';
import { IssueError } from './issue/issue-error.ts';
import { toLogLine } from './issue/log-line.ts';
import { faultOf } from './issue/fault.ts';
import { networkIssue, parsePeers } from './secure/open-network.ts';
import { readClaims, readProfiles } from './profile-files.ts';
import { createApp } from './serve/app.ts';
import { createHttpServer } from './serve/http-server.ts';
import { DEFAULT_SETTINGS } from './serve/settings.ts';
import type { Store, StoreSettings } from './store/store.ts';
import { readTranslator } from './translator.ts';
import { compileValidator } from './validate/compile-validator.ts';
import { createHl7HttpHandler } from './wire/hl7-http.ts';
import { type MllpListener, startMllp } from './wire/mllp.ts';

/** A gateway that runs. */
export interface Gateway {
  /** Shape: http://127.0.0.1:8080 */
  readonly http: string;
  /** Shape: 127.0.0.1:2575; undefined when MLLP is off */
  readonly mllp: string | undefined;
  readonly fhirBase: string;
  /** Shape: SQLite in data/chartbridge.db */
  readonly database: string;
  readonly warnings: readonly string[];
  /** Takes nothing new, finishes and answers what it has, closes the database. */
  close(): Promise<void>;
}

const EVERY_MINUTE_MS = 60_000;

/**
 * Starts every part in order; what a stop left unfinished is taken up before the listeners open.
 *
 * Fails: throws IssueError setting-invalid, mapping-faulty, store-unavailable
 */
export async function startGateway(config: Config): Promise<Gateway> {
  const log = pino({ level: config.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const network = networkIssue({ host: config.HOST, allowOpen: config.ALLOW_OPEN_NETWORK === 'yes' });
  if (network?.severity === 'error') throw new IssueError(network);
  const peers = parsePeers(config.MLLP_ALLOWED_PEERS);
  if (peers !== undefined && 'id' in peers) throw new IssueError(peers);
  const warnings = network === undefined ? ['nobody logs in: only this machine can reach the gateway'] : [textOf(network)];

  const { definitions, packages, issues: ofPackages } = readProfiles(readDefinitions(), config);
  for (const item of ofPackages) log.warn({ issue: item.id }, textOf(item));
  log.info({ packages: packages.map((one) => `${one.package.name}#${one.package.version}`) }, 'profiles');
  const translator = readTranslator(config, definitions);
  const validator = compileValidator(definitions);
  const { store, name: database } = await openStore(config, definitions);
  const claims = readClaims(config, definitions);
  let stopping = false;
  const newId = () => randomUUID();
  const now = () => new Date();

  const metrics = createMetrics({ journal: store.journal, intakeDepth: () => intake.depth, mllp: () => mllp?.counters() ?? {} });
  const intake: RunningIntake = createIntake({
    store,
    translator: () => translator,
    validator,
    claims,
    now,
    newId,
    acknowledge: (header, code, issues) =>
      writeAcknowledgment({ header, code, issues, controlId: `CB${randomBytes(8).toString('hex').toUpperCase()}`, now: Date.now() }),
    ackTimeoutMs: config.ACK_TIMEOUT_MS,
    retry: { firstMs: 1000, mostMs: 300_000, random: Math.random },
    report(row, outcome, error) {
      const message = { message: row.id, controlId: row.controlId };
      if (outcome !== undefined) log.info({ ...message, ack: outcome.code, issues: outcome.issues.map(toLogLine) }, 'message');
      else if (error instanceof IssueError) log.warn({ ...message, issues: error.issues.map(toLogLine) }, 'message not taken');
      else log.error({ ...message, fault: faultOf(error) }, 'message failed');
      if (outcome !== undefined) metrics.validation(row.sender, outcome.trace.validation);
      metrics.message(outcome?.code ?? 'failed', 0);
    },
  });
  const resumed = await intake.resume();
  if (resumed > 0) log.info({ messages: resumed }, 'taking up what was not finished');

  const hl7 = createHl7HttpHandler({
    intake,
    log,
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    maxBytesInFlight: config.MAX_BYTES_IN_FLIGHT,
    ackHttpStatus: config.ACK_HTTP_STATUS,
  });
  const messages = createMessagesHandler({ journal: store.journal, reprocess: (id) => intake.reprocess(id) });
  let base = config.BASE_URL;
  const app = createApp({
    store,
    validator,
    definitions,
    log,
    now,
    newId,
    settings: {
      ...DEFAULT_SETTINGS,
      maxBodyBytes: config.MAX_BODY_BYTES,
      validation: config.VALIDATION,
      get baseUrl() {
        return base;
  const convert = (raw: Uint8Array) => translateOffline(raw, translator, { validator, claims });
      },
    },
    mount: [
      { method: 'all', path: '/hl7v2', handle: hl7 },
      { method: 'all', path: '/messages{/*rest}', handle: messages },
    convert,
      { method: 'get', path: '/livez', handle: livez },
      {
        method: 'get',
        path: '/readyz',
        handle: createReadyz({ store: () => store.health(), stopping: () => stopping, warnings: network === undefined ? [] : warnings }),
      },
      { method: 'get', path: '/metrics', handle: (request, response) => metrics.handle(request, response) },
    ],
  });
  const server = createHttpServer(app);
  await listening(server, config.HOST, config.PORT);
  const http = addressOf(server);
  if (base === '') base = `${http}/fhir`;
  const mllp: MllpListener | undefined =
    config.MLLP_PORT === 'off'
      ? undefined
      : await startMllp({
          host: config.HOST,
          port: config.MLLP_PORT,
          intake,
          limits: {
            maxFrameBytes: config.MAX_MESSAGE_BYTES,
            maxConnections: config.MAX_CONNECTIONS,
            maxConnectionsPerPeer: config.MAX_CONNECTIONS_PER_PEER,
            maxBytesInFlight: config.MAX_BYTES_IN_FLIGHT,
            frameSilenceMs: config.FRAME_SILENCE_MS,
            drainMs: config.SHUTDOWN_MS,
          },
          ...(peers === undefined ? {} : { mayConnect: peers.allows }),
          log,
        });
  const reminder =
    network === undefined ? undefined : setInterval(() => log.warn({ issue: network.id }, textOf(network)), EVERY_MINUTE_MS).unref();
  log.info({ http, mllp: mllp?.address, database }, 'ready');

  return {
    http,
    mllp: mllp === undefined ? undefined : hostAndPort(mllp.address.host, mllp.address.port),
    fhirBase: base,
    database,
    warnings,
    async close() {
      stopping = true;
      clearInterval(reminder);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const limit = setTimeout(() => server.closeAllConnections(), config.SHUTDOWN_MS);
      await Promise.all([closed, mllp?.close()]);
      clearTimeout(limit);
      intake.stop();
      await intake.idle();
      await store.close();
      log.info('stopped');
    },
  };
}

async function openStore(config: Config, definitions: Definitions): Promise<{ store: Store; name: string }> {
  const url = config.DATABASE_URL;
  const baseUrl =
    config.BASE_URL !== '' ? config.BASE_URL : config.PORT === 0 ? undefined : `http://${hostAndPort(config.HOST, config.PORT)}/fhir`;
  const settings: StoreSettings = {
    // Without a stated address, a gateway on a free port does not know its own before it listens: such references are kept as they are.
    extract: compileExtractor(definitions, baseUrl === undefined ? {} : { baseUrl }),
    now: Date.now,
    compartmentParameters: compileCompartments(definitions),
  };
  if (/^mongodb(\+srv)?:/.test(url)) {
    const { openMongoStore } = await import('./store/mongo/open-mongo-store.ts');
    return { store: await openMongoStore({ ...settings, url }), name: 'MongoDB' };
  }
  if (!url.startsWith('sqlite:'))
    throw new IssueError(issue('setting-invalid', { setting: 'DATABASE_URL', reason: 'it must begin with sqlite: or mongodb:' }));
  const { openSqliteStore } = await import('./store/sqlite/open.ts');
  const path = url.slice('sqlite:'.length);
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  return {
    store: await openSqliteStore({ ...settings, path }),
    name: path === ':memory:' ? 'SQLite in memory: everything is lost at the end' : `SQLite in ${path}`,
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new IssueError(issue('setting-invalid', { setting: 'PORT', reason: `${host}:${port} cannot be listened on (${error.code})` })),
      ),
    );
    server.listen(port, host, resolve);
  });
}

function addressOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${hostAndPort(address, port)}`;
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
