import { type Drawing, rootHome } from "./drawing.ts";

/** The homes from the inside out: each group comes before the group that it is in, the root last. Without recursion, as groups may nest deep. */
export function homesInsideOut({ nodes, homes }: Drawing): readonly number[] {
  const order: number[] = [];
  const left = [rootHome];
  for (let home = left.pop(); home !== undefined; home = left.pop()) {
    order.push(home);
    for (const node of homes.get(home) ?? []) if (nodes[node]?.kind === "group") left.push(node);
  }
  return order.toReversed();
}

/** Visit the nodes of all homes in order: a group is opened, then what is in it, then it is closed. */
export function walkNested(
  { nodes, homes }: Drawing,
  visit: { node(number: number, depth: number): void; open(group: number, depth: number): void; close(group: number, depth: number): void },
): void {
  const open: { readonly home: number; next: number }[] = [{ home: rootHome, next: 0 }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const number = homes.get(level.home)?.[level.next];
    level.next += 1;
    if (number === undefined) {
      open.pop();
      if (level.home !== rootHome) visit.close(level.home, open.length);
    } else if (nodes[number]?.kind === "group" && (homes.get(number)?.length ?? 0) > 0) {
      visit.open(number, open.length);
      open.push({ home: number, next: 0 });
    } else visit.node(number, open.length);
  }
}
