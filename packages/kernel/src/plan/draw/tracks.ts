/** A line between two rows that goes sideways on its way down. */
export interface Step {
  readonly from: number;
  readonly to: number;
}

/** Steps from one column: they share a track and branch off it. */
interface Net {
  readonly from: number;
  readonly left: number;
  readonly right: number;
  readonly tos: readonly number[];
  track: number;
}

/**
 * A track for each step, from 0 at the top; -1 for those that go straight. Lines of different columns do not run along one another:
 * what is on one track does not touch, and where one comes down in the column in which another starts, the other turns off first.
 * A circle of such demands is cut.
 */
export function tracksOf(steps: readonly Step[]): readonly number[] {
  const nets = netsOf(steps);
  let left = [...nets.values()].sort((one, other) => one.left - other.left);
  for (let track = 0; left.length > 0; track += 1) {
    // No line starts in a column where this one comes down, or it has turned off on a track above.
    const free = new Set(left.filter(({ from, tos }) => tos.every((to) => to === from || nets.get(to)?.track !== -1)));
    if (free.size === 0) free.add(left[0]!);
    let end = Number.NEGATIVE_INFINITY;
    const later: Net[] = [];
    for (const net of left) {
      if (free.has(net) && net.left > end) {
        net.track = track;
        end = net.right;
      } else later.push(net);
    }
    left = later;
  }
  return steps.map(({ from, to }) => (from === to ? -1 : nets.get(from)!.track));
}

function netsOf(steps: readonly Step[]): ReadonlyMap<number, Net> {
  const byColumn = new Map<number, number[]>();
  for (const { from, to } of steps) {
    const tos = byColumn.get(from);
    if (tos === undefined) byColumn.set(from, [to]);
    else tos.push(to);
  }
  const nets = new Map<number, Net>();
  for (const [from, tos] of byColumn) {
    if (tos.every((to) => to === from)) continue;
    nets.set(from, {
      from,
      tos,
      left: tos.reduce((least, to) => Math.min(least, to), from),
      right: tos.reduce((most, to) => Math.max(most, to), from),
      track: -1,
    });
  }
  return nets;
}
