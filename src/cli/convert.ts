import { once } from 'node:events';
import { stderr, stdout } from 'node:process';
import { toOutcomeIssue } from '../issue/operation-outcome.ts';
import { toTransactionBundle } from '../intake/bundle.ts';
import { openOffline } from './offline.ts';
import { messagesOf } from './message-files.ts';
import { takePackages } from './package-words.ts';

/** `chartbridge convert PATH... [--ig PATH]...`: one line of JSON for each message. 0 when all are AA, 1 when not, 2 when a path cannot be read. */
export async function convert(words: string[]): Promise<number> {
  const { packages, rest: paths } = takePackages(words);
  if (paths.length === 0) {
    stderr.write('chartbridge convert PATH...: a file, a folder, or - for standard input\n');
    return 2;
  }
  const { translate } = openOffline(packages);
  let worst = 0;
  try {
    for await (const { source, raw, issues: around } of messagesOf(paths)) {
      const { reading, translation, issues, code } = translate(raw);
      if (code !== 'AA') worst = 1;
      const line = {
        source,
        controlId: reading.header.controlId,
        ack: code,
        issues: [...around, ...issues].map(toOutcomeIssue),
        unused: translation?.unused ?? [],
        ...(translation === undefined ? {} : { bundle: toTransactionBundle(translation) }),
      };
      // A reader slower than the conversion is waited for, so that a folder of any size fits in memory.
      if (!stdout.write(`${JSON.stringify(line)}\n`)) await once(stdout, 'drain');
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'path' in error)) throw error;
    stderr.write(`chartbridge convert: ${error.message}\n`);
    return 2;
  }
  return worst;
}
