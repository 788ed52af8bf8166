import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import type { Config } from './config.ts';
import { createMessagesHandler } from './console/messages.ts';
import { createReadyz, livez } from './console/health.ts';
import { createMetrics } from './console/metrics.ts';
import { createStatus } from './console/status.ts';
import { createJobs } from './jobs/jobs.ts';
import { readDefinitions } from './start/definitions-file.ts';
import type { Definitions } from './fhir/definitions.ts';
import { compileCompartmentOwners } from './fhir/compartment-owners.ts';
import { liveDefinitions } from './fhir/live-definitions.ts';
import { writeAcknowledgment } from './hl7v2/acknowledgment.ts';
import { createIntake, type RunningIntake } from './intake/create-intake.ts';
import { translateOffline } from './intake/translate-offline.ts';
import { issue, textOf } from './issue/issue.ts';
import { IssueError } from './issue/issue-error.ts';
import { loggedControlId, toLogLine } from './issue/log-line.ts';
import { faultOf } from './issue/fault.ts';
import { createLogin, isLoginNeeded, readLoginSettings } from './start/login.ts';
import { type ListenerSettings, readListeners } from './start/listener-settings.ts';
import { watchListeners } from './start/listener-watch.ts';
import { type Listeners, startListeners, takeCertificates } from './start/listeners.ts';
import { beyondMemory } from './retention/beyond-memory.ts';
import { startRecorder } from './start/recorder.ts';
import { DELIVERY, type Delivery, startDelivery } from './notify/delivery.ts';
import { endpointPolicy } from './notify/endpoint-policy.ts';
import { createOutbox } from './notify/outbox.ts';
import type { Access } from './secure/access.ts';
import { hostAndPort } from './secure/host-and-port.ts';
import { type Door, networkIssue, readableOnTheWay } from './secure/open-network.ts';
import { baseUrlOf, openStore, settingsOfStore } from './start/open-store.ts';
import { readClaims, readProfiles } from './start/profile-files.ts';
import { createApp, type Mounted } from './serve/app.ts';
import { createCustomParameters } from './serve/parameters/custom-parameters.ts';
import { createHttpServer } from './serve/http-server.ts';
import { narrowJson } from './serve/narrowing.ts';
import { parseQuery } from './serve/http/query-string.ts';
import { parseCriteria } from './serve/search-request/criteria.ts';
import { DEFAULT_SETTINGS } from './serve/settings.ts';
import { parseValidationModes } from './serve/write/validation-modes.ts';
import type { Store, StoreSettings } from './store/store.ts';
import { mappingSignature } from './start/mapping-files.ts';
import { watchMappings } from './start/mapping-watch.ts';
import { readTranslator } from './start/translator.ts';
import { readTls, tlsFilesOf, watchTls } from './start/tls-files.ts';
import { createUpkeep, watchDatabaseDisk } from './start/upkeep.ts';
import { compileValidator } from './validate/compile-validator.ts';
import { createByteBudget } from './wire/byte-budget.ts';
import { createHl7HttpHandler } from './wire/hl7-http.ts';
import type { Log } from './wire/mllp.ts';

/** A gateway that runs. */
export interface Gateway {
  /** Shape: http://127.0.0.1:8080 */
  readonly http: string;
  /** Where that of MLLP_PORT listens. Shape: 127.0.0.1:2575; undefined when it is off */
  readonly mllp: string | undefined;
  /** Where those of LISTENERS do now, by their names. */
  readonly listeners: ReadonlyMap<string, string>;
  readonly fhirBase: string;
  /** Shape: SQLite in data/chartbridge.db */
  readonly database: string;
  readonly warnings: readonly string[];
  /** Takes nothing new, finishes and answers what it has, closes the database. */
  close(): Promise<void>;
}

const EVERY_MINUTE_MS = 60_000;
/** How often search parameters made at run time are looked for. */
const PARAMETERS_LOOKED_AT_MS = 2_000;
const MAPPINGS_LOOKED_AT_MS = 1_000;

/**
 * Starts every part in order; what a stop left unfinished is taken up before the listeners open.
 *
 * Fails: throws IssueError setting-invalid, mapping-faulty, store-unavailable
 */
export async function startGateway(config: Config): Promise<Gateway> {
  const log = pino({ level: config.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const loginSettings = readLoginSettings(config);
  const listenerSettings = readListeners(config);
  const httpTls = tlsFilesOf(config, 'TLS');
  const tls = httpTls === undefined ? undefined : readTls(httpTls);
  const doorsOf = (settings: readonly ListenerSettings[]): Door[] => [
    { name: 'HTTP', host: config.HOST, isGuarded: isLoginNeeded(loginSettings), hasTls: tls !== undefined },
    ...settings.map(({ name, host, mayConnect, tls: files }) => ({
      name: name === 'mllp' ? 'MLLP' : `the listener ${name}`,
      host,
      isGuarded: mayConnect !== undefined || files?.ca !== undefined,
      hasTls: files !== undefined,
    })),
  ];
  let listeners: Pick<Listeners, 'all' | 'settings'> = { all: [], settings: listenerSettings };
  const networkOf = (settings: readonly ListenerSettings[]) => networkIssue(doorsOf(settings), config.ALLOW_OPEN_NETWORK === 'yes');
  const network = () => networkOf(listeners.settings);
  /** What is to be said of them where they may be served. Fails: throws IssueError setting-invalid */
  const checkNetwork = (settings: readonly ListenerSettings[]): readonly string[] => {
    const found = networkOf(settings);
    if (found?.severity === 'error') throw new IssueError(found);
    const readable = readableOnTheWay(doorsOf(settings));
    for (const warning of readable) log.warn(warning);
    return [...(found === undefined ? [] : [textOf(found)]), ...readable];
  };
  const ofNetwork = checkNetwork(listenerSettings);
  const unguarded = isLoginNeeded(loginSettings) ? [] : ['nobody logs in: only this machine can reach HTTP'];
  const warnings = [...(network() === undefined ? unguarded : []), ...ofNetwork];

  const validationByClient = parseValidationModes(config.VALIDATION_BY_CLIENT);
  if (!validationByClient.ok) throw new IssueError(...validationByClient.issues);
  const { definitions, packages, issues: ofPackages } = readProfiles(readDefinitions(), config);
  for (const item of ofPackages) log.warn({ issue: item.id }, textOf(item));
  log.info({ packages: packages.map((one) => `${one.package.name}#${one.package.version}`) }, 'profiles');
  const mappings = watchMappings({
    read: () => readTranslator(config, definitions),
    signature: () => mappingSignature(config.MAPPINGS),
    everyMs: MAPPINGS_LOOKED_AT_MS,
    report(taken, faults) {
      if (taken !== undefined) log.info({ mapping: taken.version }, 'mapping files taken');
      else log.error({ faults: faults.map(textOf) }, 'mapping files refused; the ones before stay');
    },
  });
  const validator = compileValidator(definitions);
  const claims = readClaims(config, definitions);
  const live = liveDefinitions(definitions);
  const storeSettings = settingsOfStore(config, live.indexed);
  const disk = watchDatabaseDisk(config, log);
  const { store: kept, name: database } = await openStore(config.DATABASE_URL, { ...storeSettings, alone: true });
  const opened = disk.guard(kept);
  const { store: telling, delivery } = await startNotifying(opened, config, definitions, storeSettings, log);
  let stopping = false;
  const newId = () => randomUUID();
  const customParameters = createCustomParameters({
    store: opened,
    live,
    extract: storeSettings.extract,
    now: Date.now,
    holder: newId(),
    everyMs: PARAMETERS_LOOKED_AT_MS,
    log,
  });
  await customParameters.start();
  const store = customParameters.over(telling);
  const now = () => new Date();
  let base = config.BASE_URL;
  const recorder = config.AUDIT === 'off' ? undefined : await startRecorder({ store, now, newId, log, spoolFolder: spoolFolderOf(config) });
  const login = await createLogin(loginSettings, {
    config,
    store,
    definitions,
    compartmentParameters: storeSettings.compartmentParameters,
    base: () => base,
    now: Date.now,
    onToken: async (...answer) => recorder?.token(...answer),
  });

  const listening = () => [...(httpTls === undefined ? [] : [{ name: 'http', tls: httpTls }]), ...listeners.settings];
  const upkeep = await createUpkeep({ config, store, disk, recorder, holder: newId(), log, depth: () => intake.depth, listening });
  const running = () => listeners.all;
  const metrics = createMetrics({ ...upkeep, journal: store.journal, intakeDepth: () => intake.depth, listeners: running });
  const intake: RunningIntake = createIntake({
    store: upkeep.counting(recorder?.intakeStore ?? store),
    ...(loginSettings.mayMerge === undefined ? {} : { mayMerge: loginSettings.mayMerge }),
    beyondMemory: (sentAt) => beyondMemory(sentAt, upkeep.retention.rememberedFrom),
    translator: () => mappings.current(),
    validator,
    claims,
    now,
    newId,
    acknowledge: (header, code, issues) =>
      writeAcknowledgment({
        header,
        code,
        issues,
        controlId: `CB${newId().replaceAll('-', '').slice(0, 16).toUpperCase()}`,
        now: Date.now(),
      }),
    ackTimeoutMs: config.ACK_TIMEOUT_MS,
    retry: { firstMs: 1000, mostMs: 300_000, random: Math.random },
    report(row, outcome, error) {
      const message = { message: row.id, ...loggedControlId(row.controlId) };
      if (outcome !== undefined) log.info({ ...message, ack: outcome.code, issues: outcome.issues.map(toLogLine) }, 'message');
      else if (error instanceof IssueError) log.warn({ ...message, issues: error.issues.map(toLogLine) }, 'message not taken');
      else log.error({ ...message, fault: faultOf(error) }, 'message failed');
      upkeep.report(row, outcome, error);
      if (outcome !== undefined) metrics.validation(row.sender, outcome.trace.validation);
      metrics.message(outcome?.code ?? 'failed', (Date.now() - row.receivedAt) / 1000);
    },
  });
  const resumed = await intake.resume();
  if (resumed > 0) log.info({ messages: resumed }, 'taking up what was not finished');

  const budget = createByteBudget(config.MAX_BYTES_IN_FLIGHT);
  const hl7 = createHl7HttpHandler({
    intake,
    log,
    budget,
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    ackHttpStatus: config.ACK_HTTP_STATUS,
    ...(login.refuses === undefined ? {} : { refuses: login.refuses }),
  });
  const status = createStatus({ ...upkeep, journal: store.journal, depth: () => intake.depth, listeners: running, now: Date.now });
  const refusedAt = (what: string) => async (request: IncomingMessage, access?: Access) =>
    recorder?.refused({
      what,
      method: request.method ?? '',
      client: access?.client ?? '',
      peer: request.socket.remoteAddress ?? '',
      listener: 'http',
    });
  const operatorsPage = (what: string, handle: Mounted['handle']) =>
    login.operatorsOnly(handle, async (request, access, isAllowed) => (isAllowed ? undefined : refusedAt(what)(request, access)));
  const messages = createMessagesHandler({ journal: store.journal, intake });
  const jobs = createJobs({
    store,
    folder: config.EXPORT_DIR,
    reading: {
      patientsOf: compileCompartmentOwners('Patient', definitions, baseUrlOf(config)),
      extract: storeSettings.extract,
      compartmentParameters: storeSettings.compartmentParameters,
    },
    narrow: (version, elements) => narrowJson(version, { summary: 'false', elements }, definitions),
    newId,
    now: Date.now,
    keepMs: config.EXPORT_KEEP_HOURS * 3_600_000,
    report: (job, issues, fault) => log.error({ job, issues: issues.map(toLogLine), fault }, 'job'),
  });
  const convert = (raw: Uint8Array) => translateOffline(raw, mappings.current(), { validator, claims });
  const app = createApp({
    store,
    validator,
    definitions: live.searchable,
    customParameters,
    convert,
    jobs,
    log,
    now,
    newId,
    settings: {
      ...DEFAULT_SETTINGS,
      maxBodyBytes: config.MAX_BODY_BYTES,
      validation: config.VALIDATION,
      requiresAccessToken: isLoginNeeded(loginSettings),
      validationByClient: validationByClient.value,
      get baseUrl() {
        return base;
      },
    },
    gate: { authenticate: login.authenticate, ...(login.restore === undefined ? {} : { restore: login.restore }), ...recorder },
    corsOrigins: new Set(config.CORS_ORIGINS.split(',').flatMap((origin) => (origin.trim() === '' ? [] : [origin.trim()]))),
    mount: [
      ...login.mount,
      { method: 'all', path: '/hl7v2', handle: login.sendersOnly(hl7, refusedAt('hl7v2')) },
      { method: 'all', path: '/messages{/*rest}', handle: login.operatorsOnly(messages, recorder?.visit) },
      { method: 'get', path: '/livez', handle: livez },
      {
        method: 'get',
        path: '/readyz',
        handle: createReadyz({
          store: () => store.health(),
          stopping: () => stopping,
          warnings: () => [...[network() ?? []].flat().map(textOf), ...mappings.faults()],
        }),
      },
      { method: 'get', path: '/metrics', handle: operatorsPage('metrics', (request, response) => metrics.handle(request, response)) },
      { method: 'get', path: '/status', handle: operatorsPage('status', status) },
    ],
  });
  const server = createHttpServer(app, {
    ...(tls === undefined ? {} : { tls }),
    onRefused(peer, reason) {
      log.warn({ listener: 'http', peer, reason }, 'HTTPS: a handshake failed');
      void recorder?.refused({ what: 'https', method: '', client: '', peer, listener: 'http', query: reason });
    },
  });
  const http = await server.listen(config.HOST, config.PORT).catch((error: NodeJS.ErrnoException) => {
    const reason = `${hostAndPort(config.HOST, config.PORT)} cannot be listened on (${error.code})`;
    throw new IssueError(issue('setting-invalid', { setting: 'PORT', reason }));
  });
  if (base === '') base = `${http}/fhir`;
  const served = await startListeners(listenerSettings, { intake, budget, log, onEvent: upkeep.onMllpEvent });
  listeners = served;
  const stopTaking = watchListeners(config, served, checkNetwork, log);
  upkeep.start();
  const stopWatching =
    httpTls === undefined ? undefined : watchTls(httpTls, () => takeCertificates('http', () => server.reloadTls(readTls(httpTls)), log));
  jobs.start();
  const remind = () => {
    const open = network();
    if (open !== undefined) log.warn({ issue: open.id }, textOf(open));
  };
  const reminder = setInterval(remind, EVERY_MINUTE_MS).unref();
  const addresses = () => new Map(running().map(({ name, address }) => [name, hostAndPort(address.host, address.port)]));
  log.info({ http, listeners: Object.fromEntries(addresses()), database }, 'ready');

  return {
    http,
    mllp: addresses().get('mllp'),
    get listeners() {
      return new Map([...addresses()].filter(([name]) => name !== 'mllp'));
    },
    fhirBase: base,
    database,
    warnings,
    async close() {
      stopping = true;
      clearInterval(reminder);
      mappings.close();
      stopWatching?.();
      await stopTaking();
      await Promise.all([server.close(config.SHUTDOWN_MS), served.close()]);
      intake.stop();
      await intake.idle();
      await customParameters.close();
      await jobs.close();
      await delivery.stop();
      await upkeep.close();
      await recorder?.close();
      await store.close();
      log.info('stopped');
    },
  };
}

/** The store every part writes to, so that whom a change must be told is committed with it; and what tells them. */
async function startNotifying(
  store: Store,
  config: Config,
  definitions: Definitions,
  settings: StoreSettings,
  log: Log,
): Promise<{ store: Store; delivery: Delivery }> {
  const policy = endpointPolicy(config.NOTIFY_ALLOWED_HOSTS);
  const scope = { definitions, settings: { ...DEFAULT_SETTINGS, baseUrl: baseUrlOf(config).baseUrl ?? '' } };
  const outbox = createOutbox(store, {
    parseCriteria(criteria) {
      const [type = '', query = ''] = criteria.split('?', 2);
      return parseCriteria(type, parseQuery(query), { ...scope, now: new Date() });
    },
    refuses: (endpoint) => policy.refuses(endpoint),
    extract: settings.extract,
    compartmentParameters: settings.compartmentParameters,
    now: Date.now,
    newId: () => randomBytes(6).toString('hex'),
  });
  await outbox.load();
  return { store: outbox.store, delivery: startDelivery({ outbox, policy, settings: DELIVERY, now: Date.now, holder: randomUUID(), log }) };
}

/** Beside an SQLite database and of that one alone, else in data/. None for a database in memory, and none where an answer waits for the chain itself. */
function spoolFolderOf({ AUDIT, DATABASE_URL: url }: Config): string | undefined {
  if (AUDIT === 'strict' || url === 'sqlite::memory:') return undefined;
  return url.startsWith('sqlite:') ? `${url.slice('sqlite:'.length)}.audit` : 'data/audit';
}
