import { readFileSync } from 'node:fs';
import { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { type SentMessage, sendMessages } from '../wire/mllp-client.ts';
import { messagesOf } from './message-files.ts';

const USAGE = 'chartbridge send FILE... --to host:port [--rate N] [--tls] [--ca FILE] [--cert FILE --key FILE]\n';
/** Each of them makes it TLS; without --ca the certificates are believed that Node believes. */
const PEM = ['ca', 'cert', 'key'] as const;

/** `chartbridge send`: sends messages over one MLLP connection and prints each answer. 0 when all were taken, 1 when not, 2 when nothing could be sent. */
export async function send(words: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      rate: { type: 'string' },
      tls: { type: 'boolean' },
      ca: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
    },
  });
  const target = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(values.to ?? '');
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  if (
    positionals.length === 0 ||
    target === null ||
    (rate !== undefined && !(rate > 0)) ||
    (values.cert === undefined) !== (values.key === undefined)
  ) {
    stderr.write(USAGE);
    return 2;
  }
  const isTls = values.tls === true || PEM.some((name) => values[name] !== undefined);
  try {
    const tls = Object.fromEntries(PEM.flatMap((name) => (values[name] === undefined ? [] : [[name, readFileSync(values[name])]])));
    const messages: Uint8Array[] = [];
    for await (const { raw } of messagesOf(positionals)) messages.push(raw);
    const report = await sendMessages(target[1] ?? target[2] ?? '', Number(target[3]), messages, {
      ...(rate === undefined ? {} : { rate }),
      ...(isTls ? { tls } : {}),
      onSent: (sent) => stdout.write(`${lineOf(sent)}\n`),
    });
    const codes = Object.entries(report.codes).map(([code, count]) => `${count} ${code}`);
    stdout.write(
      `${report.sent.length} sent: ${codes.join(', ') || 'no answers'}${report.unsent > 0 ? `; ${report.unsent} not sent` : ''}\n`,
    );
    const refused = report.sent.some(({ code, failure }) =>
      code === undefined ? failure !== 'not-asked' : code !== 'AA' && code !== 'CA',
    );
    return refused || report.unsent > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const what = 'path' in error ? `${String(error.path)} cannot be read` : `${values.to} does not answer`;
    stderr.write(`chartbridge send: ${what} (${String(error.code)})\n`);
    return 2;
  }
}

function lineOf(sent: SentMessage): string {
  const issues = (sent.answer ?? '')
    .split('\r')
    .filter((segment) => segment.startsWith('ERR'))
    .map((segment) => `\n    ${segment}`);
  return `${(sent.code ?? sent.failure ?? '').padEnd(8)} ${sent.controlId}  ${sent.tookMs.toFixed(1)} ms${issues.join('')}`;
}
