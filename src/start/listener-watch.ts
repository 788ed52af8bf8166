import type { Config } from '../config.ts';
import { type ListenerSettings, readListeners } from './listener-settings.ts';
import { type Listeners, whyNot } from './listeners.ts';
import { watchFiles } from './watch-files.ts';
import type { Log } from '../wire/mllp.ts';

/**
 * Takes the file of LISTENERS anew when it changes; one that cannot be used leaves all as it was. `check` throws where these must not be
 * served. What it gives back ends that, when a change that is under way is through.
 */
export function watchListeners(
  config: Config,
  listeners: Listeners,
  check: (settings: readonly ListenerSettings[]) => void,
  log: Log,
): () => Promise<void> {
  let changing = Promise.resolve();
  const take = async () => {
    try {
      const settings = readListeners(config);
      check(settings);
      await listeners.change(settings);
      log.info({ listeners: settings.map(({ name }) => name) }, 'listeners taken');
    } catch (error) {
      log.error(whyNot(error), 'the new listeners cannot be used; the old ones stay');
    }
  };
  const stop = watchFiles(config.LISTENERS === '' ? [] : [config.LISTENERS], () => {
    changing = changing.then(take);
  });
  return () => {
    stop();
    return changing;
  };
}
