import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { stdin } from 'node:process';
import { issue, type Issue } from '../issue/issue.ts';
import { splitBytes } from '../hl7v2/split-messages.ts';
import { unframe, VT } from '../wire/frame.ts';

/** One message of a file. */
export interface FileMessage {
  /** The path as it was given; with #n when the file holds several. */
  readonly source: string;
  readonly raw: Uint8Array;
  /** What is wrong with the file around its messages, told once, with the first of them. */
  readonly issues: readonly Issue[];
}

/**
 * The messages of files, folders and standard input (-), in order. A file may hold one message, many, MLLP frames or batches.
 *
 * Fails: throws what the file system says; with the messages: batch-count-wrong, bytes-outside-frames
 */
export async function* messagesOf(paths: readonly string[]): AsyncGenerator<FileMessage> {
  for (const path of paths) {
    for (const file of path === '-' ? ['-'] : filesOf(path)) {
      const bytes = file === '-' ? await buffer(stdin) : readFileSync(file);
      const framed = bytes[0] === VT ? unframe(bytes) : undefined;
      const parts = (framed?.frames ?? [bytes]).map((body) => splitBytes(body));
      const raws = parts.flatMap((part) => part.messages);
      const junk = framed?.junkBytes ?? 0;
      const issues = [...parts.flatMap((part) => part.issues), ...(junk === 0 ? [] : [issue('bytes-outside-frames', { count: junk })])];
      // A file that holds no message at all is one that cannot be read: it is told, not skipped.
      const messages = raws.length === 0 ? [bytes] : raws;
      for (const [index, raw] of messages.entries())
        yield { source: messages.length === 1 ? file : `${file}#${index + 1}`, raw, issues: index === 0 ? issues : [] };
    }
  }
}

/** The files under a path, in the order of their names. Of a folder those named .hl7 or .er7 (but expected answers, .ack.hl7), and any other that begins as a message does. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return filesOf(join(path, entry.name));
      const file = join(path, entry.name);
      return !/\.ack\.hl7$/i.test(entry.name) && (/\.(hl7|er7)$/i.test(entry.name) || beginsAsMessage(file)) ? [file] : [];
    });
}

function beginsAsMessage(file: string): boolean {
  const start = Buffer.alloc(8);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, start, 0, start.length, 0);
  closeSync(descriptor);
  return /^(\u00ef\u00bb\u00bf)?\u000b?(MSH|FHS|BHS)/.test(start.toString('latin1'));
}
