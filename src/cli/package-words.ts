/**
 * The words of a command without `--ig PATH`, which may stand any number of times, and the paths it names.
 *
 * Shape: ['a.hl7', '--ig', 'us-core.tgz'] gives packages ['us-core.tgz'] and rest ['a.hl7']
 */
export function takePackages(words: readonly string[]): { packages: string[]; rest: string[] } {
  const packages: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--ig') packages.push(words[++at] ?? '--ig');
    else if (word.startsWith('--ig=')) packages.push(word.slice('--ig='.length));
    else rest.push(word);
  }
  return { packages, rest };
}
