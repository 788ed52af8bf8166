/**
 * A server that speaks MongoDB's protocol, for the tests: MONGODB_URI, else a mongod on PATH, else SecantusDB from PyPI in .venv/.
 *
 * vitest.mongo.config.ts runs this file before the suite; `node scripts/mongo-server.ts` starts a server and waits for Ctrl-C.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MongoClient } from 'mongodb';

/** The release that passed the suite; see docs/mongodb.md. */
const SECANTUS = { release: '0.7.0b3', command: 'secantusd-py' };

/** A running server and how to end it. */
export interface MongoServer {
  readonly url: string;
  /** What answers there, as it names itself. Shape: mongod 8.2.1, SecantusDB 0.7.0b3 */
  readonly name: string;
  stop(): Promise<void>;
}

/** How a server is to be started. A standalone one has no transactions: the store must refuse it. */
export interface ServerOptions {
  readonly standalone?: boolean;
  readonly log?: (line: string) => void;
}

/** Finds, installs where needed, and starts a server; undefined, with the reason logged, where none can be had. */
export async function startMongoServer(options: ServerOptions = {}): Promise<MongoServer | undefined> {
  const log = options.log ?? (() => undefined);
  const given = process.env['MONGODB_URI'];
  if (given !== undefined && given !== '' && options.standalone !== true)
    return { url: given, name: await nameOf(given), stop: () => Promise.resolve() };
  if (runs('mongod', '--version')) return startMongod(options.standalone === true);
  const secantus = installSecantus(log);
  return secantus === undefined ? undefined : startSecantus(secantus, options.standalone === true);
}

async function startMongod(standalone: boolean): Promise<MongoServer> {
  const port = await freePort();
  const place = mkdtempSync(join(tmpdir(), 'chartbridge-mongod-'));
  const set = standalone ? [] : ['--replSet', 'tests'];
  const child = launch('mongod', ['--dbpath', place, '--bind_ip', '127.0.0.1', '--port', String(port), ...set], place);
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  await answers(url, child, place);
  if (!standalone) {
    const client = await MongoClient.connect(url);
    await client.db('admin').command({ replSetInitiate: { _id: 'tests', members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
    while ((await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] !== true) await pause(100);
    await client.close();
  }
  return { url, name: await nameOf(url), stop: () => end(child, place) };
}

async function startSecantus(command: string, standalone: boolean): Promise<MongoServer> {
  const port = await freePort();
  const place = mkdtempSync(join(tmpdir(), 'chartbridge-secantus-'));
  const mode = standalone ? ['--standalone'] : [];
  const child = launch(command, ['--host', '127.0.0.1', '--port', String(port), '--storage-path', join(place, 'data'), ...mode], place);
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  await answers(url, child, place);
  return { url, name: await nameOf(url), stop: () => end(child, place) };
}

/** The server's command, installed on first use; undefined when there is no Python or no registry. */
function installSecantus(log: (line: string) => void): string | undefined {
  const place = resolve(import.meta.dirname, '..', '.venv', `secantusdb-${SECANTUS.release}`);
  const command = join(place, 'bin', SECANTUS.command);
  const done = join(place, 'installed');
  if (existsSync(done)) return command;
  const python = ['python3.11', 'python3.12', 'python3.13', 'python3'].find((name) =>
    runs(name, '-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))'),
  );
  if (python === undefined) {
    log(
      'no MongoDB server for the tests: MONGODB_URI is not set, there is no mongod on PATH and no Python 3.10 to install SecantusDB with',
    );
    return undefined;
  }
  log(`installing SecantusDB ${SECANTUS.release} in ${place} (once)`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const steps: readonly [string, readonly string[]][] = [
    [python, ['-m', 'venv', place]],
    [join(place, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `secantusdb==${SECANTUS.release}`]],
  ];
  for (const [program, args] of steps) {
    const step = spawnSync(program, args, { encoding: 'utf8' });
    if (step.status !== 0) {
      log(`no MongoDB server for the tests: ${program} ${args.join(' ')} ended with ${step.status}\n${step.stderr}`);
      return undefined;
    }
  }
  writeFileSync(done, '');
  return command;
}

function launch(command: string, args: readonly string[], place: string): ChildProcess {
  const log = openSync(join(place, 'server.log'), 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log] });
  // A run that dies takes its server with it.
  const take = () => child.kill('SIGKILL');
  process.once('exit', take);
  child.once('exit', () => process.off('exit', take));
  return child;
}

async function answers(url: string, child: ChildProcess, place: string): Promise<void> {
  for (let tries = 0; tries < 150 && child.exitCode === null; tries += 1) {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 400 });
    try {
      await client.db('admin').command({ ping: 1 });
      return;
    } catch {
      await pause(100);
    } finally {
      await client.close();
    }
  }
  const log = readFileSync(join(place, 'server.log'), 'utf8');
  await end(child, place);
  throw new Error(`the server did not answer at ${url}:\n${log.slice(-2000)}`);
}

async function nameOf(url: string): Promise<string> {
  const client = await MongoClient.connect(url);
  try {
    const info = await client.db('admin').command({ buildInfo: 1 });
    return info['secantusVersion'] === undefined ? `mongod ${info['version']}` : `SecantusDB ${info['secantusVersion']}`;
  } finally {
    await client.close();
  }
}

async function end(child: ChildProcess, place: string): Promise<void> {
  if (child.exitCode === null) {
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const hurry = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(hurry);
  }
  rmSync(place, { recursive: true, force: true });
}

function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => found(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

if (import.meta.main) {
  const server = await startMongoServer({ log: console.error });
  if (server === undefined) process.exitCode = 1;
  else {
    console.log(`${server.name}\n${server.url}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.stop());
  }
}
