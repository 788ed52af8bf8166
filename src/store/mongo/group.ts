/** The most that goes into one transaction together. */
const MOST_TOGETHER = 64;

/**
 * Collects what many callers want done while the transaction before them runs, and does it together: they share one commit, and gateways
 * that share a database meet less often. One that cannot be done does not sink the others: they are then done one by one.
 */
export function inGroups<Item, Answer>(
  work: (items: readonly Item[]) => Promise<readonly Answer[]>,
  /** Whether a failure is of the whole group's, so that trying its members one by one is of no use. */
  isEverybodys: (error: unknown) => boolean,
) {
  const waiting: { item: Item; resolve: (answer: Answer) => void; reject: (reason: unknown) => void }[] = [];
  let running: Promise<void> | undefined;

  const together = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting.splice(0, MOST_TOGETHER);
      try {
        const answers = await work(group.map(({ item }) => item));
        for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        if (group.length === 1 || isEverybodys(error)) for (const { reject } of group) reject(error);
        else for (const one of group) await work([one.item]).then((answers) => one.resolve(answers[0] as Answer), one.reject);
      }
    }
    running = undefined;
  };

  return {
    submit(item: Item): Promise<Answer> {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        running ??= Promise.resolve().then(together);
      });
    },
    /** Resolves when nothing is under way. */
    async idle(): Promise<void> {
      await running;
    },
  };
}
