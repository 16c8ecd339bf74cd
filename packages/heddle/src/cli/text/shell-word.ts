/** A word as it is typed into a POSIX shell: quoted where it must be. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of these words. */
export function shellLine(...words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
