import type { Intake } from '../intake/intake.ts';
import { faultOf } from '../issue/fault.ts';
import { issue, textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { ListenerSettings } from './listener-settings.ts';
import { hostAndPort } from '../secure/host-and-port.ts';
import { readTls, watchTls } from './tls-files.ts';
import type { ByteBudget } from '../wire/byte-budget.ts';
import { type Log, type MllpEvent, type MllpListener, startMllp } from '../wire/mllp.ts';

/** What all MLLP listeners share. */
export interface ListenersParts {
  readonly intake: Intake;
  readonly budget: ByteBudget;
  readonly log: Log;
  readonly onEvent: (listener: string, event: MllpEvent) => void;
}

/** The MLLP listeners that run. */
export interface Listeners {
  readonly all: readonly MllpListener[];
  close(): Promise<void>;
}

/** Starts them, all or none; certificates are taken anew when their files change. Fails: throws IssueError setting-invalid */
export async function startListeners(settings: readonly ListenerSettings[], parts: ListenersParts): Promise<Listeners> {
  const all: MllpListener[] = [];
  const stops: (() => void)[] = [];
  const close = async () => {
    for (const stop of stops) stop();
    await Promise.all(all.map((listener) => listener.close()));
  };
  for (const { tls, ...one } of settings) {
    try {
      const listener = await startMllp({
        ...one,
        ...parts,
        ...(tls === undefined ? {} : { tls: readTls(tls) }),
        onEvent: (event) => parts.onEvent(one.name, event),
      });
      all.push(listener);
      if (tls !== undefined) stops.push(watchTls(tls, () => takeCertificates(one.name, () => listener.reloadTls(readTls(tls)), parts.log)));
    } catch (error) {
      await close();
      if (error instanceof IssueError) throw error;
      const reason = `${hostAndPort(one.host, one.port)} of the listener ${one.name} cannot be listened on (${(error as NodeJS.ErrnoException).code})`;
      throw new IssueError(issue('setting-invalid', { setting: 'MLLP_PORT', reason }));
    }
  }
  return { all, close };
}

/** Takes new certificates; with those that cannot be used the old ones stay. */
export function takeCertificates(listener: string, reload: () => void, log: Log): void {
  try {
    reload();
    log.info({ listener }, 'new certificates');
  } catch (error) {
    const why = error instanceof IssueError ? { faults: error.issues.map(textOf) } : { fault: faultOf(error) };
    log.error({ listener, ...why }, 'the new certificates cannot be used; the old ones stay');
  }
}
