import { argv, exit, stderr } from 'node:process';

/** A command: its words after the name; the exit code. Loaded only when it is asked for, so that none pays for another's imports. */
type Command = (words: string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, { readonly what: string; load(): Promise<Command> }>> = {
  serve: { what: '[--ig PATH]...: start the gateway', load: async () => (await import('./cli/serve.ts')).serve },
  convert: {
    what: 'PATH...: messages to FHIR bundles, one line of JSON each; PATH is a file, a folder or -',
    load: async () => (await import('./cli/convert.ts')).convert,
  },
  explain: {
    what: 'FILE: what every segment of a message became, or why not',
    load: async () => (await import('./cli/explain.ts')).explain,
  },
  send: {
    what: 'FILE... --to host:port [--rate N] [--tls] [--ca FILE] [--cert FILE --key FILE]: send messages over MLLP',
    load: async () => (await import('./cli/send.ts')).send,
  },
  coverage: {
    what: '[--guide DIR]: rows of the v2-to-FHIR guide carried, deviated, left out',
    load: async () => (await import('./cli/coverage.ts')).coverage,
  },
  profiles: {
    what: 'list | add PATH | add NAME@VERSION: the FHIR packages that resources are held against',
    load: async () => (await import('./cli/profiles.ts')).profiles,
  },
  audit: {
    what: 'verify, archive: check the audit trail of the configured database, or move the oldest of it into a file',
    load: async () => (await import('./cli/audit.ts')).audit,
  },
  mapping: {
    what: 'new SEGMENT RESOURCE | show NAME | test FILE: work on mapping files',
    load: async () => (await import('./cli/mapping.ts')).mapping,
  },
  migrate: {
    what: '--from URL --to URL: copy everything one store keeps into another, and compare',
    load: async () => (await import('./cli/migrate.ts')).migrate,
  },
  backup: {
    what: 'PATH: a proven copy of the SQLite database, which may be in use',
    load: async () => (await import('./cli/backup.ts')).backup,
  },
  restore: {
    what: 'PATH [--check]: put a backup where the database is to be, or only prove it',
    load: async () => (await import('./cli/restore.ts')).restore,
  },
  demo: { what: '[--exit]: play the samples on a scratch database', load: async () => (await import('./cli/demo.ts')).demo },
};

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { what }]) => `  ${name.padEnd(9)} ${what}`);
  return `chartbridge COMMAND\n\n${lines.join('\n')}\n`;
}

const [name, ...words] = argv.slice(2);
const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  stderr.write(
    name === undefined || name === 'help' || name === '--help' ? usage() : `chartbridge: there is no command ${name}\n\n${usage()}`,
  );
  exit(name === 'help' || name === '--help' ? 0 : 2);
}
const code = await (await command.load())(words);
// A command that serves has open handles and ends by itself; every other has said all it has to say.
if (code !== 0) exit(code);
