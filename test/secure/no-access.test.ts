import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { hostileMappings, hostileXml } from './hostile-input.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());
const MAPPINGS = join(import.meta.dirname, '../../mappings');
const hasStrace = spawnSync('strace', ['-V']).status === 0;

/** What reaches a file, another host or another program. */
const REACHES = ['open', 'openat', 'openat2', 'connect', 'execve', 'unlink', 'unlinkat', 'rename', 'renameat2', 'mkdir', 'mkdirat'];

const REACHING = hostileMappings.filter(([what]) => /code|tag|file|path/.test(what));

/** Expressions that reach for what is not in the resource. */
const EXPRESSIONS = [
  "%context.resolve().where('file:///etc/passwd')",
  "Patient.managingOrganization.resolve('http://127.0.0.1:9/x')",
  "Patient.name.memberOf('http://127.0.0.1:9/ValueSet/x')",
  "Patient.conformsTo('file:///etc/passwd')",
  "Patient.constructor.constructor('return process')().mainModule.require('fs').readFileSync('/etc/passwd')",
  "Patient.name.trace('/etc/passwd')",
  "Patient.name.where(given.matches('(a+)+$'))",
];

describe.skipIf(!hasStrace)('A-09 input that reaches for files and addresses (needs strace)', () => {
  test('opens no file, asks no other host and runs no program, as XML, as an expression and as a mapping file', async () => {
    const mappings = join(folder.path, 'mappings');
    mkdirSync(join(mappings, 'segments'), { recursive: true });
    const log = join(folder.path, 'calls.strace');
    const database = join(folder.path, 'x.db');
    const strace = ['strace', '-f', '--seccomp-bpf', '-s', '400', '-e', `trace=${REACHES.join(',')}`, '-o', log];
    // at its end a process would write down what it compiled
    const environment = {
      DATABASE_URL: `sqlite:${database}`,
      MAPPINGS: mappings,
      EXPORT_DIR: join(folder.path, 'exports'),
      NODE_DISABLE_COMPILE_CACHE: '1',
    };
    const gateway = await startGatewayProcess(environment, strace);
    const post = async (path: string, body: string, type: string) => {
      const answer = await fetch(`${gateway.fhir}/${path}`, { method: 'POST', headers: { 'content-type': type }, body });
      return { status: answer.status, text: await answer.text() };
    };
    const parameter = (expression: string) =>
      JSON.stringify({
        resourceType: 'SearchParameter',
        url: 'http://example.org/SearchParameter/a09',
        name: 'a09',
        status: 'active',
        description: 'a09',
        code: 'a09',
        base: ['Patient'],
        type: 'string',
        expression,
      });
    const refused = () => gateway.output().split('mapping files refused').length - 1;
    const map = async (text: string) => {
      const before = refused();
      writeFileSync(join(mappings, 'segments', 'nte-to-observation.yaml'), text);
      while (refused() === before) await new Promise((wake) => setTimeout(wake, 50));
    };
    /** Parts of the program are loaded when they are first needed. */
    await post('Patient', '<Patient xmlns="http://hl7.org/fhir"><what/></Patient>', 'application/fhir+xml');
    await post('SearchParameter', parameter('Patient.(('), 'application/fhir+json');
    await map('map: of nothing\n');

    const from = statSync(log).size;
    for (const [what, text] of hostileXml) {
      const answer = await post('Patient', text, 'application/fhir+xml');
      expect([what, answer.status, answer.text.includes('root:')]).toEqual([what, 400, false]);
    }
    for (const expression of EXPRESSIONS) {
      const answer = await post('SearchParameter', parameter(expression), 'application/fhir+json');
      expect([expression, answer.status < 500, answer.text.includes('root:')]).toEqual([expression, true, false]);
    }
    // what was taken for an expression is run
    const known = await post('Patient', '{"resourceType":"Patient","name":[{"family":"Aaaaaaaa"}]}', 'application/fhir+json');
    expect(known.status).toBe(201);
    for (const [what, text] of REACHING) await map(`${text}# ${what}\n`);
    rmSync(join(mappings, 'segments', 'nte-to-observation.yaml'));

    spawnSync('pkill', ['-TERM', '-P', String(gateway.process.pid)]);
    const calls = readFileSync(log, 'utf8').slice(from);
    await gateway.kill();
    // a reload reads the mapping files of the installation too
    const own = (line: string) => [folder.path, MAPPINGS].some((path) => line.includes(`"${path}`)) && !line.includes('..');
    const reaching = calls.split('\n').filter((line) => new RegExp(`\\b(?:${REACHES.join('|')})\\(`).test(line));
    expect(reaching.filter((line) => !own(line))).toEqual([]);
    // the measure sees what there is: each mapping file was opened
    expect(reaching.filter((line) => line.includes('nte-to-observation.yaml')).length).toBeGreaterThanOrEqual(REACHING.length);
  });
});
