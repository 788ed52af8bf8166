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
  /** What they run by. */
  readonly settings: readonly ListenerSettings[];
  /**
   * Listens by these: a listener of the same name and settings goes on undisturbed, one that has others or is left out ends as in a stop.
   * Where one cannot begin, those before are begun again. Fails: throws IssueError setting-invalid
   */
  change(settings: readonly ListenerSettings[]): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  readonly settings: ListenerSettings;
  readonly listener: MllpListener;
  readonly stopWatching?: () => void;
}

/** Starts them, all or none; certificates are taken anew when their files change. Fails: throws IssueError setting-invalid */
export async function startListeners(settings: readonly ListenerSettings[], parts: ListenersParts): Promise<Listeners> {
  let running: Running[] = [];

  async function stop(some: readonly Running[]): Promise<void> {
    running = running.filter((one) => !some.includes(one));
    for (const { stopWatching } of some) stopWatching?.();
    await Promise.all(some.map(({ listener }) => listener.close()));
  }

  async function start(some: readonly ListenerSettings[]): Promise<void> {
    const begun: Running[] = [];
    try {
      for (const one of some) begun.push(await startOne(one, parts));
    } catch (error) {
      await stop(begun);
      throw error;
    }
    running.push(...begun);
  }

  await start(settings);
  return {
    get all() {
      return running.map(({ listener }) => listener);
    },
    get settings() {
      return running.map((one) => one.settings);
    },
    async change(next) {
      const goesOn = ({ name, said }: ListenerSettings, among: readonly ListenerSettings[]) =>
        among.some((one) => one.name === name && one.said === said);
      const before = running.map((one) => one.settings);
      const gone = running.filter((one) => !goesOn(one.settings, next));
      await stop(gone);
      try {
        await start(next.filter((one) => !goesOn(one, before)));
      } catch (error) {
        await start(gone.map((one) => one.settings));
        throw error;
      }
    },
    close: () => stop(running),
  };
}

async function startOne(settings: ListenerSettings, parts: ListenersParts): Promise<Running> {
  const { tls, ...one } = settings;
  try {
    const listener = await startMllp({
      ...one,
      ...parts,
      ...(tls === undefined ? {} : { tls: readTls(tls) }),
      onEvent: (event) => parts.onEvent(one.name, event),
    });
    if (tls === undefined) return { settings, listener };
    const reload = () => takeCertificates(one.name, () => listener.reloadTls(readTls(tls)), parts.log);
    return { settings, listener, stopWatching: watchTls(tls, reload) };
  } catch (error) {
    if (error instanceof IssueError) throw error;
    const reason = `${hostAndPort(one.host, one.port)} of the listener ${one.name} cannot be listened on (${(error as NodeJS.ErrnoException).code})`;
    throw new IssueError(issue('setting-invalid', { setting: 'MLLP_PORT', reason }));
  }
}

/** Takes new certificates; with those that cannot be used the old ones stay. */
export function takeCertificates(listener: string, reload: () => void, log: Log): void {
  try {
    reload();
    log.info({ listener }, 'new certificates');
  } catch (error) {
    log.error({ listener, ...whyNot(error) }, 'the new certificates cannot be used; the old ones stay');
  }
}

/** What of a file that cannot be used is told in the log. */
export function whyNot(error: unknown): object {
  return error instanceof IssueError ? { faults: error.issues.map(textOf) } : { fault: faultOf(error) };
}
