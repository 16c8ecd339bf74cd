/** Arrows between numbered nodes: those out of node n are `targets[first[n]]` up to, not including, `targets[first[n + 1]]`. */
export interface Arrows {
  readonly first: Int32Array;
  readonly targets: Int32Array;
}

export function arrowsOf(nodes: number, pairs: readonly (readonly [from: number, to: number])[]): Arrows {
  const first = new Int32Array(nodes + 1);
  for (const [from] of pairs) first[from + 1]! += 1;
  for (let node = 0; node < nodes; node += 1) first[node + 1]! += first[node]!;
  const targets = new Int32Array(pairs.length);
  const next = first.slice();
  for (const [from, to] of pairs) {
    targets[next[from]!] = to;
    next[from]! += 1;
  }
  return { first, targets };
}

/**
 * The component of each node: nodes share one when each can reach the other. Numbered so that arrows between components lead from a
 * higher number to a lower one. Tarjan's algorithm with a stack of its own; takes time in proportion to nodes and arrows.
 */
export function strongComponents({ first, targets }: Arrows): Int32Array {
  const nodes = first.length - 1;
  const component = new Int32Array(nodes).fill(-1);
  const reached = new Int32Array(nodes); // order of discovery from 1; 0: not yet
  const low = new Int32Array(nodes);
  const next = first.slice();
  const held: number[] = []; // nodes without a component yet
  const walk: number[] = [];
  let discovered = 0;
  let components = 0;
  for (let root = 0; root < nodes; root += 1) {
    if (reached[root] !== 0) continue;
    walk.push(root);
    while (walk.length > 0) {
      const node = walk.at(-1)!;
      if (reached[node] === 0) {
        discovered += 1;
        reached[node] = discovered;
        low[node] = discovered;
        held.push(node);
      }
      if (next[node]! < first[node + 1]!) {
        const target = targets[next[node]!]!;
        next[node]! += 1;
        if (reached[target] === 0) walk.push(target);
        else if (component[target] === -1) low[node] = Math.min(low[node]!, reached[target]!);
        continue;
      }
      walk.pop();
      const parent = walk.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      if (low[node] !== reached[node]) continue;
      for (let member = held.pop()!; ; member = held.pop()!) {
        component[member] = components;
        if (member === node) break;
      }
      components += 1;
    }
  }
  return component;
}
