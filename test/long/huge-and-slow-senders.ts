import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { argv } from 'node:process';
import { mllpSender, saidOf } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';

/** What the senders came to. */
export interface Flood {
  readonly closedWithAr: number;
  readonly hugeAccepted: number;
}

/** So many connections at one byte a second. */
export const SLOW = 200;
/** So many frames without an end. */
export const ENDLESS = 50;
/** So many messages with a document of so many bytes; in base64 the field has 10 MB. */
export const HUGE = 30;
const DOCUMENT = 7_500_000;

/** The process of the senders that do harm: those whose times are measured must not wait for it. Its arguments: host and port of the gateway. */
async function flood(host: string, port: number): Promise<Flood> {
  const open = (): Socket => {
    const socket = connect({ host, port });
    socket.on('error', () => socket.destroy());
    return socket;
  };
  for (let count = 0; count < SLOW; count += 1) {
    const socket = open();
    socket.write('\u000bMSH|^~\\&|SLOW|');
    setInterval(() => !socket.destroyed && socket.write('x'), 1000);
  }
  let closedWithAr = 0;
  const closed: Promise<unknown>[] = [];
  for (let count = 0; count < ENDLESS; count += 1) {
    const socket = open();
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const go = (): void => {
      while (!socket.destroyed && socket.writable && socket.write(chunk));
    };
    socket.on('drain', go);
    socket.on('data', (answer) => (closedWithAr += Number(answer.includes('MSA|AR|'))));
    socket.on('connect', () => {
      socket.write('\u000bMSH|^~\\&|ENDLESS|HOSP|CB|CB|20260105||ADT^A01^ADT_A01|E1|P|2.5.1\rPID|1||');
      go();
    });
  }
  let hugeAccepted = 0;
  const content = randomBytes(DOCUMENT).toString('base64');
  await Promise.all(
    Array.from({ length: 4 }, async (_, connection) => {
      for (let count = connection; count < HUGE; count += 4) {
        const sender = await mllpSender(host, port);
        const text = message({
          id: `B${count}`,
          type: 'ORU^R01^ORU_R01',
          more: [
            // half of them is the same report again
            `OBR|1||F${count % 2 === 0 ? 1 : count}^HOSP|11502-2^Report^LN|||20260105||||||||||||||||||F`,
            `OBX|1|ED|11502-2^Report^LN||^application^pdf^Base64^${content}||||||F`,
          ],
        });
        const code = await sender.send(text).then(
          (answer) => saidOf(answer)[0],
          () => undefined,
        );
        hugeAccepted += Number(code === 'AA');
        sender.close();
      }
    }),
  );
  await Promise.all(closed);
  return { closedWithAr, hugeAccepted };
}

if (process.send !== undefined && argv[1] === import.meta.filename) process.send(await flood(argv[2] ?? '', Number(argv[3])));
