import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type FileMessage, messagesOf } from '../../src/cli/message-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ONE = 'MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1\rPID|1\r';

async function read(text: string): Promise<FileMessage[]> {
  const path = join(folder, 'file.hl7');
  writeFileSync(path, text);
  const messages: FileMessage[] = [];
  for await (const message of messagesOf([path])) messages.push(message);
  return messages;
}

test('a batch whose trailer counts other messages than there are says so, once, with its first message', async () => {
  const messages = await read(`BHS|^~\\&|A\r${ONE}${ONE.replace('|1|P', '|2|P')}BTS|5\r`);
  expect(messages.map(({ issues }) => issues.map(({ id }) => id))).toEqual([['batch-count-wrong'], []]);
});

test('bytes outside the frames of a file are counted', async () => {
  const messages = await read(`\u000b${ONE}\u001c\rjunk\u000b${ONE}\u001c\r`);
  expect(messages.map(({ issues }) => issues)).toMatchObject([[{ id: 'bytes-outside-frames', parameters: { count: '4' } }], []]);
});

test('a file that is as it should be has nothing said around its messages', async () => {
  expect((await read(ONE)).flatMap(({ issues }) => issues)).toEqual([]);
});
