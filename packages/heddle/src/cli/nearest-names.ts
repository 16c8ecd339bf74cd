/** The names most like `name`, best first, at most `limit`; none if nothing is close. A beginning or a part counts as close. */
export function nearestNames(name: string, names: Iterable<string>, limit = 3): readonly string[] {
  const wanted = name.toLowerCase();
  const close: { readonly name: string; readonly distance: number }[] = [];
  for (const candidate of new Set(names)) {
    const text = candidate.toLowerCase();
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, text.length) / 3));
    const distance = wanted !== "" && (text.startsWith(wanted) || text.includes(wanted)) ? 0.5 : editDistance(wanted, text);
    if (distance <= allowed) close.push({ name: candidate, distance });
  }
  return close
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map((found) => found.name);
}

/** `"a"`, `"a" or "b"`, `"a", "b" or "c"`. */
export function orList(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return quoted.length < 2 ? (quoted[0] ?? "") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

// Insertions, deletions, changes and swaps of neighbours.
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    const above = rows[row - 1] ?? [];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (rows[row - 2]?.[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    rows.push(current);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
