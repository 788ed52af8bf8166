import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut. */
export interface CutProxy {
  readonly port: number;
  /** Ends every connection, at once and without a word. */
  cut(): void;
  /** While closed, who connects is turned away. */
  closed: boolean;
  stop(): Promise<void>;
}

/** A proxy on a free port of this machine to a port of it. */
export async function cutProxy(target: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (proxy.closed) {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const proxy: CutProxy = {
    port: (server.address() as AddressInfo).port,
    closed: false,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      proxy.cut();
      await new Promise((done) => server.close(done));
    },
  };
  return proxy;
}
