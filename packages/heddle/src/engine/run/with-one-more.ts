/** The list with one entry more. Most lists of a run have one at a time: a literal takes no spare room. */
export function withOneMore<T>(list: T[], entry: T): T[] {
  if (list.length === 0) return [entry];
  list.push(entry);
  return list;
}
