/** What a set of figures says of itself: the middle half lies between `q1` and `q3`. */
export interface Spread {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/**
 * The value below which the share `q` of `values` lies, interpolated between neighbours.
 *
 * @param q from 0 (least) to 1 (greatest)
 * @returns NaN for no values
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (place - below);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function spread(values: readonly number[]): Spread {
  return {
    median: median(values),
    q1: quantile(values, 0.25),
    q3: quantile(values, 0.75),
    min: quantile(values, 0),
    max: quantile(values, 1),
    count: values.length,
  };
}

/** One ratio per pair, `ours / theirs`: what a machine does to both of a pair falls out. @throws RangeError when the lengths differ */
export function pairedRatios(ours: readonly number[], theirs: readonly number[]): number[] {
  if (ours.length !== theirs.length) throw new RangeError(`${ours.length} figures cannot be paired with ${theirs.length}.`);
  return ours.map((value, index) => value / (theirs[index] as number));
}
