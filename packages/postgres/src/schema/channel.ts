/** Name of the channel for hints, as an SQL text: one for each schema of a database. */
export function channel(s: string): string {
  return `'heddle_${s.replaceAll('"', "")}'`;
}
