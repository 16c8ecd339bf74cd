/** Stands alone: the writer's thread of SQLite does not load the kernel. */
export function movedText(what: string, to: string): string {
  return `${what} takes no more writes: its runs were moved to ${to}. Open that store instead.`;
}
