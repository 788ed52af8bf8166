import type { Server } from 'node:https';
import type { Socket } from 'node:net';

const [A, Z] = [0x41, 0x5a];
/** A connection that was answered is read and discarded so long: closing over unread bytes would reset it and lose the answer. Units: ms */
const LINGER_MS = 2_000;

/**
 * Has HTTP that comes where TLS is spoken answered, by `answer` as bytes, and its connection closed; all else is TLS's. A method begins with a
 * capital letter, and nothing of TLS does. `silenceMs`: how long the first byte may take.
 */
export function answerPlainHttp(server: Server, silenceMs: number, answer: (socket: Socket) => string): void {
  const [handshake] = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const leave = () => socket.destroy();
    socket.setTimeout(silenceMs, leave);
    socket.on('error', leave).on('end', leave);
    socket.once('data', (head: Buffer) => {
      socket.setTimeout(0);
      socket.off('end', leave);
      const [first = 0] = head;
      if (first >= A && first <= Z) {
        socket.end(answer(socket));
        setTimeout(leave, LINGER_MS).unref();
        return;
      }
      socket.off('timeout', leave).pause().unshift(head);
      handshake?.call(server, socket);
    });
  });
}
