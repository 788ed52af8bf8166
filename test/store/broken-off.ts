import { WriteThread } from '../../src/store/sqlite/write-thread.ts';

/** A process that has kept three pieces of a long text, says so, and never comes to its end. Its argument: the file of the store. */
const thread = await WriteThread.open(process.argv[2] ?? '', true);
let text: number | undefined;
for (let number = 0; number < 3; number += 1) {
  const outcome = await thread.run({ kind: 'piece', text, number, bytes: new Uint8Array(1_000_000).fill(number) });
  text = outcome.kind === 'piece' ? outcome.text : undefined;
}
process.stdout.write('three');
setInterval(() => undefined, 1_000);
