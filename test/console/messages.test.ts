import { createServer, type Server } from 'node:http';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMessagesHandler } from '../../src/console/messages.ts';
import { issue } from '../../src/issue/issue.ts';
import { message, openIntake, projectTranslator, type TestIntake } from '../intake/harness.ts';

let gate: TestIntake;
let server: Server;
let http: ReturnType<typeof supertest>;
/** While it is set, every message fails for want of a name. */
let strict = false;

beforeEach(async () => {
  strict = false;
  gate = await openIntake({
    translator: () => ({
      ...projectTranslator,
      translate: (read) => {
        const translation = projectTranslator.translate(read);
        const fault = issue('required-field-missing', { at: { segment: 'PID', occurrence: 1, field: 5 } });
        return strict ? { ...translation, issues: [...translation.issues, fault] } : translation;
      },
    }),
  });
  const handle = createMessagesHandler({ journal: gate.store.journal, intake: gate.intake });
  server = createServer((request, response) => void handle(request, response));
  http = supertest(server);
});
afterEach(async () => {
  await gate.close();
});

const send = (id: string, mrn: string) =>
  gate.code(
    message({ id, pid: `1||${mrn}^^^HOSP^MR||Sample^Ann||19800101|F`, more: [`PV1|1|I|||||||||||||||||V${mrn}^^^HOSP^VN`, 'ORC|RE|ORD1'] }),
  );
const issueIds = (body: { issue?: { details?: { coding?: { code?: string }[] } }[] }) =>
  body.issue?.map((one) => one.details?.coding?.[0]?.code);

describe('looking for messages', () => {
  test.each(['mrn=2', 'visit=V2', 'control-id=M2', 'name=samp', 'status=processed', 'sender=LAB%7CHOSP', 'order=ORD1'])(
    'by %s',
    async (query) => {
      await send('M1', '1');
      await send('M2', '2');
      const { body } = (await http.get(`/messages?${query}`).expect(200)) as { body: { messages: { controlId: string }[] } };
      expect(body.messages.map(({ controlId }) => controlId)).toContain('M2');
    },
  );

  test('what is no criterion is refused by its name', async () => {
    const { body } = (await http.get('/messages?patient=1').expect(400)) as { body: object };
    expect(issueIds(body)).toEqual(['parameter-invalid']);
  });
});

describe('messages that failed', () => {
  beforeEach(async () => {
    strict = true;
    for (const number of [1, 2, 3]) expect(await send(`M${number}`, `${number}`)).toBe('AE');
    strict = false;
  });

  test('a dry run over a search tells what would come of each, and writes nothing', async () => {
    const { body } = await http.post('/messages/$reprocess?status=error&dry-run=true').expect(200);
    expect(body).toMatchObject({ count: 3, more: false, messages: [{ code: 'AA', dryRun: true }, { code: 'AA' }, { code: 'AA' }] });
    expect(JSON.stringify(body)).toContain('"action":"created"');
    expect(await gate.all('Patient')).toEqual([]);
    expect((await gate.rows()).map(({ status }) => status)).toEqual(['error', 'error', 'error']);
  });

  test('a search result is reprocessed in the order of arrival', async () => {
    const { body } = await http.post('/messages/$reprocess?status=error').expect(200);
    expect(body).toMatchObject({ count: 3, messages: [{ code: 'AA' }, { code: 'AA' }, { code: 'AA' }] });
    expect((body as { messages: { trace: { controlId: string } }[] }).messages.map(({ trace }) => trace.controlId)).toEqual([
      'M1',
      'M2',
      'M3',
    ]);
    expect(await gate.all('Patient')).toHaveLength(3);
    expect(await gate.store.journal.counts()).toMatchObject({ error: 0, processed: 3 });
  });

  test('those that are named are taken, each with what became of it, and no search is mixed with them', async () => {
    const rows = (await gate.rows()).filter(({ status }) => status === 'error');
    const named = `id=${rows[0]?.id}&id=nobody`;
    strict = false;
    const { body } = (await http.post(`/messages/$reprocess?${named}&dry-run=true`).expect(200)) as {
      body: { messages: { id: string; code?: string; changes?: unknown[]; issues: [] }[] };
    };
    expect(body.messages.map(({ id, code }) => [id, code])).toEqual([
      [rows[0]?.id, 'AA'],
      ['nobody', undefined],
    ]);
    expect(body.messages[0]?.changes?.length).toBeGreaterThan(0);
    await http.post(`/messages/$reprocess?${named}`).expect(200);
    expect((await gate.store.journal.get(rows[0]?.id ?? ''))?.status).toBe('processed');
    await http.post(`/messages/$reprocess?${named}&status=error`).expect(400);
    await http.post(`/messages/$discard?${Array.from({ length: 501 }, (_, index) => `id=${index}`).join('&')}&reason=x`).expect(400);
  });

  test('what is forgotten says so', async () => {
    const [row] = await gate.rows();
    strict = false;
    await http.post(`/messages/${row?.id}/$reprocess`).expect(200);
    await gate.store.commit({ messages: [{ id: row?.id ?? '', from: ['processed'], status: 'processed', forget: 'content' }] });
    for (const part of ['raw', 'trace'])
      expect(issueIds((await http.get(`/messages/${row?.id}/${part}`).expect(410)).body as object)).toEqual(['message-emptied']);
    expect(issueIds((await http.post(`/messages/${row?.id}/$reprocess`).expect(410)).body as object)).toEqual(['message-emptied']);
    await http.get(`/messages/${row?.id}`).expect(200);
  });

  test('one is discarded with a reason that stays with it; its resend gets the answer it had, and it can be reprocessed', async () => {
    const row = (await gate.rows())[0];
    const discarded = await http.post(`/messages/${row?.id}/$discard?reason=sent+by+mistake`).expect(200);
    expect(JSON.stringify(discarded.body)).toContain('sent by mistake');
    expect(issueIds({ issue: (discarded.body as { issues: never[] }).issues })).toContain('message-discarded');
    expect(await gate.store.journal.counts()).toMatchObject({ error: 2, filtered: 1 });
    expect(await send('M1', '1')).toBe('AE');
    expect(await gate.all('Patient')).toEqual([]);
    expect((await gate.rows())[0]).toMatchObject({ status: 'filtered', repeats: 1, ack: row?.ack });
    await http.post(`/messages/${row?.id}/$reprocess`).expect(200);
    expect(await gate.all('Patient')).toHaveLength(1);
  });

  test('a reason is needed, and a message that did not fail is not discarded', async () => {
    const row = (await gate.rows())[0];
    expect(issueIds((await http.post(`/messages/${row?.id}/$discard`).expect(400)).body as object)).toEqual(['parameter-invalid']);
    await http.post(`/messages/${row?.id}/$reprocess`).expect(200);
    const { body } = await http.post(`/messages/${row?.id}/$discard?reason=x`).expect(409);
    expect(issueIds(body as object)).toEqual(['message-not-failed']);
  });

  test('an action on everything must say so: without a criterion it is refused', async () => {
    for (const action of ['$reprocess', '$discard?reason=x']) await http.post(`/messages/${action}`).expect(400);
    await http.get('/messages/$reprocess').expect(405);
    await http.post('/messages/nobody/$reprocess').expect(404);
  });
});
