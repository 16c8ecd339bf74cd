/** An arrow between boxes, by number. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
}

/**
 * Which arrows must be turned round so that no way leads back to its start: those that go back to a box that the walk is still inside
 * of. The walk takes boxes and arrows in their order, so the first box stays on top.
 */
export function turnedArrows(boxes: number, arrows: readonly Arrow[]): Set<number> {
  const out: number[][] = Array.from({ length: boxes }, () => []);
  for (const [arrow, { from }] of arrows.entries()) out[from]?.push(arrow);
  const turned = new Set<number>();
  const state = new Uint8Array(boxes); // 0: not seen, 1: inside, 2: done
  const next = new Int32Array(boxes);
  const walk: number[] = [];
  for (let root = 0; root < boxes; root += 1) {
    if (state[root] !== 0) continue;
    walk.push(root);
    state[root] = 1;
    while (walk.length > 0) {
      const box = walk.at(-1)!;
      const arrow = out[box]![next[box]!];
      next[box]! += 1;
      if (arrow === undefined) {
        state[box] = 2;
        walk.pop();
        continue;
      }
      const { to } = arrows[arrow]!;
      if (state[to] === 1) turned.add(arrow);
      else if (state[to] === 0) {
        state[to] = 1;
        walk.push(to);
      }
    }
  }
  return turned;
}

/**
 * A layer for each box: below everything that leads to it, as high as that allows; boxes that nothing leads to come down to just above
 * what they lead to. The arrows must not lead in a circle.
 */
export function layersOf(boxes: number, arrows: readonly Arrow[]): Int32Array {
  const layers = new Int32Array(boxes);
  const waiting = new Int32Array(boxes);
  const out: number[][] = Array.from({ length: boxes }, () => []);
  for (const { from, to } of arrows) {
    out[from]!.push(to);
    waiting[to]! += 1;
  }
  const sources: number[] = [];
  for (let box = 0; box < boxes; box += 1) if (waiting[box] === 0) sources.push(box);
  const order = [...sources];
  for (const box of order) {
    for (const to of out[box]!) {
      layers[to] = Math.max(layers[to]!, layers[box]! + 1);
      waiting[to]! -= 1;
      if (waiting[to] === 0) order.push(to);
    }
  }
  for (const box of sources) {
    const lowest = out[box]!.reduce((least, to) => Math.min(least, layers[to]! - 1), Number.POSITIVE_INFINITY);
    if (Number.isFinite(lowest)) layers[box] = lowest;
  }
  return layers;
}
