import { describe, expect, test } from 'vitest';
import iconv from 'iconv-lite';
import type { Patient } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import { openRecord } from './record.ts';

/** Bytes of a message in a character set; the control id holds a letter of it, since the answer repeats the id. */
function bytes(charset: string, declared: string, family = 'Müller', id = 'ID-é', from = 'ADT1|GENHOSP'): Uint8Array {
  const text = [
    `MSH|^~\\&|${from}|CB|CB|20260301080000-0500||ADT^A31^ADT_A05|${id}|P|2.5.1||||||${declared}`,
    'EVN|A31|20260301080000-0500',
    `PID|1||M1^^^GENHOSP^MR||${family}^Zoë`,
    '',
  ].join('\r');
  return iconv.encode(text, charset);
}

describe.each([
  ['ISO-8859-1', '8859/1', 'Müller'],
  ['ISO-8859-2', '8859/2', 'Műller Łódź'],
  ['ISO-8859-15', '8859/15', 'Müller €'],
  ['utf8', 'UNICODE UTF-8', 'Müller 李 €'],
])('%s', (charset, declared, family) => {
  test('is read as MSH-18 says, and answered in kind', async () => {
    const record = await openRecord();
    const id = charset === 'ISO-8859-2' ? 'ID-ł' : 'ID-é';
    const answer = await record.post(bytes(charset, declared, family, id));
    expect(answer.code).toBe('AA');
    const [patient] = await record.all<Resource & Patient>('Patient');
    expect(patient?.name?.[0]?.family).toBe(family);
    expect(iconv.decode(Buffer.from(answer.bytes), charset)).toContain(`MSA|AA|${id}`);
    await record.close();
  });
});

test('without MSH-18 the sender’s file tells the character set', async () => {
  const record = await openRecord(undefined, [
    { path: 'mappings/senders/old.yaml', text: 'sender: { MSH-3: OLD, MSH-4: GENHOSP }\ncharset: Windows-1252\n' },
  ]);
  const answer = await record.post(bytes('windows-1252', '', 'Müller “€”', 'ID-€', 'OLD|GENHOSP'));
  expect(answer.code).toBe('AA');
  expect(iconv.decode(Buffer.from(answer.bytes), 'windows-1252')).toContain('MSA|AA|ID-€');
  const [patient] = await record.all<Resource & Patient>('Patient');
  expect(patient?.name?.[0]?.family).toBe('Müller “€”');
  await record.close();
});

test('bytes that are not what MSH-18 says are AE, and kept as they came', async () => {
  const record = await openRecord();
  const raw = bytes('ISO-8859-1', 'UNICODE UTF-8');
  const answer = await record.post(raw);
  expect([answer.code, answer.issues]).toEqual(['AE', ['characters-undecodable']]);
  const { rows } = await record.store.journal.search({ count: 10 });
  expect(rows.map(({ status }) => status)).toEqual(['error']);
  expect(Buffer.from((await record.store.journal.raw(rows[0]?.id ?? '')) ?? [])).toEqual(Buffer.from(raw));
  expect(await record.all('Patient')).toEqual([]);
  await record.close();
});

test('a character set nobody knows is AE', async () => {
  const record = await openRecord();
  const answer = await record.post(bytes('ISO-8859-1', 'EBCDIC', 'Muller', 'ID-1'));
  expect([answer.code, answer.issues]).toEqual(['AE', ['charset-unsupported']]);
  await record.close();
});
