import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What a proxy does to one connection. It hears of the bytes that come back before they go on. */
export type Fault =
  /** Passes everything on. */
  | 'none'
  /** Resets the sender's connection instead of handing it the first answer: the message is committed, the sender does not know. */
  | 'reset-before-answer'
  /** Resets both sides in the middle of the message. */
  | 'reset-in-message'
  /** One byte at a time, both ways. */
  | 'slices'
  /** The sender's side is closed for writing right after the message. */
  | 'half-open';

/** A proxy between a sender and the gateway that is as bad as a network can be. */
export interface FaultProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a proxy; `next` says what happens to each connection. */
export async function startFaultProxy(target: { host: string; port: number }, next: () => Fault): Promise<FaultProxy> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (sender) => {
    const fault = next();
    const gateway = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const cut = (): void => {
      sender.resetAndDestroy();
      gateway.resetAndDestroy();
    };
    for (const socket of [sender, gateway]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    sender.on('data', (chunk) => {
      if (fault === 'reset-in-message') {
        gateway.write(chunk.subarray(0, chunk.length >> 1), cut);
      } else if (fault === 'slices') for (const byte of chunk) gateway.write(Buffer.of(byte));
      else gateway.write(chunk);
      if (fault === 'half-open') gateway.end();
    });
    gateway.on('data', (chunk) => {
      if (fault === 'reset-before-answer') cut();
      else if (fault === 'slices') for (const byte of chunk) sender.write(Buffer.of(byte));
      else sender.write(chunk);
    });
    sender.on('end', () => gateway.end());
    gateway.on('end', () => sender.end());
    gateway.on('close', () => sender.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
