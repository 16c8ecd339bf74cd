// Where the boxes of one row go.

export interface Wish {
  /** Where the box's left edge would like to be; null: anywhere. */
  readonly left: number | null;
  /** How much it minds. */
  readonly weight: number;
  readonly width: number;
}

/**
 * Left edges that keep the row's order and `gap` between boxes, and are as near to the wishes as that allows (least squares),
 * in whole numbers. Boxes that would overlap join into blocks that move as one.
 */
export function lineUp(wishes: readonly Wish[], gap: number): number[] {
  interface Block {
    readonly first: number;
    weight: number;
    sum: number;
  }
  const offsets: number[] = []; // how far each box is from the row's start when all are pushed together
  let end = 0;
  for (const { width } of wishes) {
    offsets.push(end);
    end += width + gap;
  }
  const blocks: Block[] = [];
  const place = ({ sum, weight }: Block): number => sum / weight;
  for (const [index, wish] of wishes.entries()) {
    // A box without a wish stays beside the one before it.
    const before = blocks.at(-1);
    const left = wish.left ?? (before === undefined ? 0 : place(before) + offsets[index]!);
    const weight = wish.left === null ? 1e-6 : wish.weight;
    let block: Block = { first: index, weight, sum: weight * (left - offsets[index]!) };
    for (let last = blocks.at(-1); last !== undefined && place(last) >= place(block); last = blocks.at(-1)) {
      blocks.pop();
      block = { first: last.first, weight: last.weight + block.weight, sum: last.sum + block.sum };
    }
    blocks.push(block);
  }
  const lefts: number[] = [];
  for (const [number, block] of blocks.entries()) {
    const next = blocks[number + 1]?.first ?? wishes.length;
    const base = Math.round(place(block));
    for (let index = block.first; index < next; index += 1) lefts.push(base + offsets[index]!);
  }
  return lefts;
}
