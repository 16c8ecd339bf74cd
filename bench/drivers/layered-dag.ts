/**
 * Tasks in layers of `width`, each after two or three of the layer before. The same for the same size, and the same graph as that of the
 * peers' folder, so that everyone runs equal work.
 *
 * @returns for each task the tasks it comes after
 */
export function layeredDag(size: number, width = 100): number[][] {
  let seed = 12_345;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  return Array.from({ length: size }, (_, task) => {
    const layer = Math.floor(task / width);
    if (layer === 0) return [];
    const before = (layer - 1) * width;
    const count = 2 + (random() < 0.5 ? 1 : 0);
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(before + Math.floor(random() * width));
    return [...chosen];
  });
}
