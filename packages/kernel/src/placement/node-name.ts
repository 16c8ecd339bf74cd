/** What follows it in a node's name tells engines apart that people gave one name. */
export const nameMark = "#";

/** A node's name as people gave it: placements go by it, and not by which of its processes it is. */
export function nameOfNode(node: string): string {
  const at = node.indexOf(nameMark);
  return at < 0 ? node : node.slice(0, at);
}
