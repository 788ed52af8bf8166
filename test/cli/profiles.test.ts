import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fetchPackage } from '../../src/cli/package-registry.ts';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { entry, tar } from '../validate/tar-archive.ts';

const root = resolve(import.meta.dirname, '../..');
const scratch = scratchFolder();
const folder = join(scratch.path, 'packages');
let registry: Server;
let address = '';
let asked: string[] = [];

const PROFILE = {
  resourceType: 'StructureDefinition',
  url: 'http://example.org/a-patient',
  name: 'A',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  differential: { element: [{ id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }] },
};

function archive(name: string, version: string, dependencies: object = {}, ...more: object[]): Buffer {
  const files = more.map((content, at) => entry(`package/${at}.json`, JSON.stringify(content)));
  return gzipSync(tar(entry('package/package.json', JSON.stringify({ name, version, dependencies })), ...files));
}

const ON_OFFER: Readonly<Record<string, Buffer | string>> = {
  '/a.b/1.0.0': archive('a.b', '1.0.0', { 'c.d': '2.1.x', 'hl7.fhir.r4.core': '4.0.1' }, PROFILE),
  '/c.d': JSON.stringify({ versions: { '2.1.0': {}, '2.1.10': {}, '2.1.11-draft': {}, '3.0.0': {} } }),
  '/c.d/2.1.10': archive('c.d', '2.1.10', { 'a.b': '1.0.0' }),
  '/evil/1.0.0': gzipSync(tar(entry('package/../../evil.json', '{}'))),
};

async function chartbridge(...words: string[]): Promise<{ code: number | null; output: string }> {
  return run({ PROFILES: folder }, ...words);
}

async function run(environment: Record<string, string>, ...words: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['chartbridge.js', ...words], { cwd: root, env: { ...process.env, ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output };
}

beforeAll(async () => {
  registry = createServer((request, response) => {
    asked.push(request.url ?? '');
    const found = ON_OFFER[request.url ?? ''];
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((done) => registry.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(() => {
  registry.close();
  scratch.remove();
});
beforeEach(() => {
  asked = [];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});

describe('chartbridge profiles', () => {
  test('fetches a package with what it builds on, and lists them beside our own', async () => {
    expect((await chartbridge('profiles', 'add', 'a.b@1.0.0', '--registry', address)).code).toBe(0);
    expect(asked).toEqual(['/a.b/1.0.0', '/c.d', '/c.d/2.1.10']);
    expect(readdirSync(folder).sort()).toEqual(['a.b-1.0.0.tgz', 'c.d-2.1.10.tgz']);
    const { code, output } = await chartbridge('profiles', 'list');
    expect(code).toBe(0);
    expect(output.match(/\S+@\S+/g)).toEqual(['chartbridge.feed@0.1.0', 'a.b@1.0.0', 'c.d@2.1.10']);
  });

  test('fetches nothing that is there already', async () => {
    await chartbridge('profiles', 'add', 'a.b@1.0.0', '--registry', address);
    asked = [];
    await chartbridge('profiles', 'add', 'a.b@1.0.0', '--registry', address);
    expect(asked).toEqual([]);
  });

  test.each([['a.b@9.9.9'], ['c.d@4.x'], ['evil@1.0.0']])('keeps nothing of %s', async (name) => {
    const { code, output } = await chartbridge('profiles', 'add', name, '--registry', address);
    expect(code).toBe(1);
    expect(output).toContain('chartbridge: ');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('says so when there is no registry to reach', async () => {
    const closed = 'http://127.0.0.1:1';
    expect((await chartbridge('profiles', 'add', 'a.b@1.0.0', '--registry', closed)).code).toBe(1);
    await expect(fetchPackage(closed, 'a.b', '1.0.0')).rejects.toMatchObject({ issues: [{ id: 'package-unavailable' }] });
  });

  test('adds a folder and an archive by path, and refuses what is no package', async () => {
    const source = join(scratch.path, 'source');
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'package.json'), JSON.stringify({ name: 'e', version: '1.2.3' }));
    writeFileSync(join(source, 'profile.json'), JSON.stringify(PROFILE));
    writeFileSync(join(scratch.path, 'f.tgz'), archive('../f', '1'));
    expect((await chartbridge('profiles', 'add', source)).code).toBe(0);
    expect((await chartbridge('profiles', 'add', join(scratch.path, 'f.tgz'))).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['__f-1.tgz', 'e-1.2.3']);
    expect((await chartbridge('profiles', 'add', join(root, 'src'))).code).toBe(1);
    expect((await chartbridge('profiles', 'add', '/nowhere')).code).toBe(1);
    expect((await chartbridge('profiles', 'remove')).code).toBe(2);
    expect(existsSync(join(scratch.path, 'f-1.tgz'))).toBe(false);
  });

  test('a path of --ig where nothing is stops the command', async () => {
    const { code, output } = await chartbridge('profiles', 'list', '--ig', '/nowhere');
    expect(code).toBe(1);
    expect(output).toContain('/nowhere');
  });
});

const US_CORE = resolve(root, '../shared/fhir/hl7.fhir.us.core-6.1.0.tgz');
const US_PATIENT = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient';

describe('a claim of CLAIM_PROFILES', () => {
  test('stops the start where its package is not loaded', async () => {
    const { code, output } = await run({ PROFILES: folder, CLAIM_PROFILES: US_PATIENT }, 'convert', 'samples/adt-a01-admit.hl7');
    expect(code).toBe(2);
    expect(output).toContain('CLAIM_PROFILES');
  });

  test.skipIf(!existsSync(US_CORE))('of US Core is made by the patients that meet it, and by no others (needs ../shared)', async () => {
    const settings = { PROFILES: folder, CLAIM_PROFILES: US_PATIENT };
    const claimed = async (file: string) => {
      const { output } = await run(settings, 'convert', file, '--ig', US_CORE);
      const { bundle } = JSON.parse(output) as {
        bundle: { entry: { resource: { resourceType: string; meta?: { profile?: string[] } } }[] };
      };
      return bundle.entry.filter(({ resource }) => resource.resourceType === 'Patient').map(({ resource }) => resource.meta?.profile);
    };
    expect(await claimed('samples/adt-a01-admit.hl7')).toEqual([[US_PATIENT]]);
    const nameless = join(scratch.path, 'nameless.hl7');
    const admit = readFileSync(join(root, 'samples/adt-a01-admit.hl7'), 'latin1');
    writeFileSync(nameless, admit.replace(/^(PID(?:\|[^|]*){4})\|[^|]*/m, '$1|'), 'latin1');
    expect(await claimed(nameless)).toEqual([undefined]);
  });
});
