import { randomBytes } from 'node:crypto';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type TLSSocket, createServer as createTlsServer } from 'node:tls';
import type { Intake } from '../intake/intake.ts';
import { faultOf } from '../issue/fault.ts';
import { certificateFault, certificateNames } from '../secure/peer-certificate.ts';
import type { SenderCheck } from '../secure/sender-list.ts';
import { hasOtherLists, servedTls, type TlsMaterial } from '../secure/served-tls.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Clock } from './clock.ts';
import { foreignProtocol } from './foreign-protocol.ts';
import { type ConnectionEvent, type MllpConnection, serveConnection } from './mllp-connection.ts';

/** What a listener bears. */
export interface MllpLimits {
  /** Units: bytes of one message */
  readonly maxFrameBytes: number;
  /** Silence inside a frame after which the connection is closed. Units: ms */
  readonly frameSilenceMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerPeer: number;
  /** How long a stopping listener waits for answers under way. Units: ms */
  readonly drainMs: number;
}

/** The limits of a listener that is told none. */
export const MLLP_LIMITS: MllpLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  frameSilenceMs: 30_000,
  maxConnections: 256,
  maxConnectionsPerPeer: 32,
  drainMs: 10_000,
};

/** As much of a pino logger as is used here. */
export interface Log {
  info(fields: object, words: string): void;
  warn(fields: object, words: string): void;
  error(fields: object, words: string): void;
}

/** What happens on a listener, for alerts. Nothing of a message is in it but the bytes of a partial frame. */
export type MllpEvent = (
  | ConnectionEvent
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly openedAt: number }
  /**
   * `handshake`: no TLS, or not with a certificate that is asked for; `reason` is OpenSSL's, or that there was none. `protocol`: what came is
   * no MLLP but that of `reason`.
   */
  | { readonly kind: 'refused'; readonly why: 'limit' | 'address' | 'handshake' | 'protocol'; readonly reason?: string }
) & { readonly peer: string };

/** What a listener is started with. */
export interface MllpOptions {
  /** What logs and channels call it. Shape: mllp */
  readonly name: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly intake: Intake;
  readonly log: Log;
  /** Shared with all else that takes messages in. */
  readonly budget: ByteBudget;
  readonly limits?: Partial<MllpLimits>;
  /** Frames end with FS CR and nothing else. */
  readonly strict?: boolean;
  /** Whether an address may connect; anybody where it is left out. */
  readonly mayConnect?: (address: string) => boolean;
  /** Whose messages are taken; everybody's where it is left out. */
  readonly refuses?: SenderCheck;
  /** TLS; with `ca` senders must show a certificate that one of these signed. */
  readonly tls?: TlsMaterial;
  readonly onEvent?: (event: MllpEvent) => void;
}

/** The figures of a listener since its start. */
export interface MllpCounters {
  /** Open now. */
  readonly connections: number;
  readonly connectionsTotal: number;
  readonly refusedTotal: number;
  readonly framesTotal: number;
  readonly partialFramesTotal: number;
  readonly oversizeFramesTotal: number;
  readonly silencesTotal: number;
  readonly faultsTotal: number;
  readonly junkBytesTotal: number;
  /** Of messages that are not answered, whole and partial. */
  readonly bytesBuffered: number;
  /** Units: ms; 0 when no frame is being read */
  readonly oldestPartialAgeMs: number;
}

/** Who is connected. */
export interface MllpPeer {
  /** Shape: 10.1.2.3:53124 */
  readonly peer: string;
  /** The first name of the certificate it showed: its common name, where it has one. */
  readonly certificate?: string;
  /** UTC ms. */
  readonly openedAt: number;
  readonly junkBytes: number;
  /** Of a frame that is being read, and since when. UTC ms. */
  readonly partialBytes: number;
  readonly partialSince?: number;
}

/** A listener that runs. */
export interface MllpListener {
  readonly name: string;
  /** Shape: { host: '127.0.0.1', port: 2575 } */
  readonly address: { readonly host: string; readonly port: number };
  counters(): MllpCounters;
  peers(): readonly MllpPeer[];
  /**
   * New keys and certificates for connections to come. Those that are open stay, unless there is another list of revoked certificates: then
   * each ends as in a stop, and its sender shows its certificate anew. Fails: throws when they are none, and the old ones stay
   */
  reloadTls(tls: TlsMaterial): void;
  /** Takes no more, answers the whole frames it has, drops half ones; resolves when every connection is closed. */
  close(): Promise<void>;
}

/** Starts an MLLP listener. Fails by rejecting with the system's error when the address cannot be had. */
export async function startMllp(options: MllpOptions): Promise<MllpListener> {
  const limits: MllpLimits = { ...MLLP_LIMITS, ...options.limits };
  const { name: listener, budget, log, refuses } = options;
  const clock: Clock = { now: () => Date.now(), newControlId: () => randomBytes(10).toString('hex') };
  /** Those in the middle of a handshake too. */
  const sockets = new Set<Socket>();
  const connections = new Map<Socket, { connection: MllpConnection; opened: Pick<MllpPeer, 'peer' | 'certificate' | 'openedAt'> }>();
  const peers = new Map<string, number>();
  const totals = { connected: 0, refused: 0, frame: 0, partial: 0, oversize: 0, silence: 0, fault: 0, junkBytes: 0 };

  function report(event: MllpEvent): void {
    const { kind, peer } = event;
    if (kind === 'fault') log.error({ listener, peer, fault: faultOf(event.error) }, 'MLLP: a fault of the gateway');
    else if (kind === 'refused') log.warn({ listener, peer, why: event.why, reason: event.reason }, 'MLLP: refused');
    else if (kind === 'oversize' || kind === 'silence' || kind === 'partial') log.warn({ listener, peer }, `MLLP: ${kind}`);
    options.onEvent?.(event);
  }

  /** Before any handshake: who is refused costs next to nothing. */
  function admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const fromPeer = peers.get(address) ?? 0;
    const isStranger = options.mayConnect?.(address) === false;
    if (isStranger || sockets.size >= limits.maxConnections || fromPeer >= limits.maxConnectionsPerPeer) {
      totals.refused++;
      socket.on('error', () => socket.destroy());
      socket.destroy();
      report({ kind: 'refused', why: isStranger ? 'address' : 'limit', peer: peerOf(socket) });
      return;
    }
    sockets.add(socket);
    peers.set(address, fromPeer + 1);
    socket.setKeepAlive(true, 60_000);
    socket.on('close', () => {
      sockets.delete(socket);
      const left = (peers.get(address) ?? 1) - 1;
      if (left === 0) peers.delete(address);
      else peers.set(address, left);
    });
    if (handshakes === undefined) serve(socket);
    else handshakes.emit('connection', socket);
  }

  function serve(socket: Socket): void {
    totals.connected++;
    // A sender that has said everything may still read its answers; one that leaves in the middle of a handshake is gone.
    socket.allowHalfOpen = true;
    const peer = peerOf(socket);
    const names = certificateNames(socket);
    const openedAt = clock.now();
    const connection = serveConnection(socket, {
      channel: {
        name: `${listener} ${peer}`,
        synchronous: false,
        ...(refuses === undefined ? {} : { refuses: (sender) => refuses(sender, names) }),
      },
      intake: options.intake,
      clock,
      budget,
      maxFrameBytes: limits.maxFrameBytes,
      frameSilenceMs: limits.frameSilenceMs,
      strict: options.strict === true,
      onEvent: (event) => {
        totals[event.kind]++;
        report({ ...event, peer });
      },
    });
    socket.prependOnceListener('data', (head: Buffer) => {
      const protocol = foreignProtocol(head);
      if (protocol !== undefined) refuse(socket, 'protocol', protocol);
    });
    connections.set(socket, { connection, opened: { peer, openedAt, ...(names[0] === undefined ? {} : { certificate: names[0] }) } });
    report({ kind: 'connected', peer });
    socket.on('close', () => {
      totals.junkBytes += connection.junkBytes;
      connections.delete(socket);
      if (connection.junkBytes > 0) log.warn({ listener, peer, bytes: connection.junkBytes }, 'MLLP: junk between frames');
      report({ kind: 'disconnected', openedAt, peer });
    });
  }

  function refuse(socket: Socket, why: 'handshake' | 'protocol', reason: string): void {
    totals.refused++;
    report({ kind: 'refused', why, reason, peer: peerOf(socket) });
    socket.destroy();
  }

  let { tls } = options;
  const handshakes = tls === undefined ? undefined : createTlsServer({ ...servedTls(tls), handshakeTimeout: limits.frameSilenceMs });
  handshakes?.on('secureConnection', (socket) => {
    const fault = options.tls?.ca === undefined ? undefined : certificateFault(socket);
    if (fault === undefined) serve(socket);
    else refuse(socket, 'handshake', fault);
  });
  handshakes?.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // Who goes away was not refused: so do those who only look whether the port is there.
    if (error.code !== 'ECONNRESET') refuse(socket, 'handshake', error.code ?? error.name);
  });

  const server: Server = createServer(admit);
  await listen(server, options.host, options.port);
  const { address: host, port } = server.address() as AddressInfo;

  return {
    name: listener,
    address: { host, port },
    counters() {
      const open = [...connections.values()].map(({ connection }) => connection);
      const oldest = Math.min(...open.map((connection) => connection.frameSince ?? Number.POSITIVE_INFINITY));
      return {
        connections: open.length,
        connectionsTotal: totals.connected,
        refusedTotal: totals.refused,
        framesTotal: totals.frame,
        partialFramesTotal: totals.partial,
        oversizeFramesTotal: totals.oversize,
        silencesTotal: totals.silence,
        faultsTotal: totals.fault,
        junkBytesTotal: open.reduce((sum, connection) => sum + connection.junkBytes, totals.junkBytes),
        bytesBuffered: open.reduce((sum, connection) => sum + connection.heldBytes, 0),
        oldestPartialAgeMs: Number.isFinite(oldest) ? clock.now() - oldest : 0,
      };
    },
    peers: () =>
      [...connections.values()].map(({ connection: { junkBytes, partialBytes, frameSince }, opened }) => ({
        ...opened,
        junkBytes,
        partialBytes,
        ...(frameSince === undefined ? {} : { partialSince: frameSince }),
      })),
    reloadTls(renewed) {
      handshakes?.setSecureContext(servedTls(renewed));
      if (hasOtherLists(renewed, tls ?? {})) for (const { connection } of connections.values()) connection.drain();
      tls = renewed;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { connection } of connections.values()) connection.drain();
      const late = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, limits.drainMs);
      await closed;
      clearTimeout(late);
    },
  };
}

/** Shape: 10.1.2.3:53124 */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
