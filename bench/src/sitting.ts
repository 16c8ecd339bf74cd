import { type Contestant, NotMeasured, type Sample } from "./sample.ts";

export interface Pairs {
  readonly ours: readonly Sample[];
  readonly theirs: readonly Sample[];
}

/**
 * Measure two contestants side by side: theirs, ours, theirs, ours… so that a machine that slows down or a disk that swings touches both
 * of a pair alike.
 *
 * @param told called after each pair, with how many there are
 * @param first who begins each pair; `ours` where theirs does again what ours has done
 * @throws NotMeasured when one of the two cannot be measured
 */
export async function samplePairs(
  ours: Contestant,
  theirs: Contestant,
  pairs: number,
  told: (done: number) => void,
  first: "ours" | "theirs" = "theirs",
): Promise<Pairs> {
  const taken: { ours: Sample[]; theirs: Sample[] } = { ours: [], theirs: [] };
  for (let pair = 1; pair <= pairs; pair++) {
    if (first === "ours") taken.ours.push(await ours.sample());
    taken.theirs.push(await theirs.sample());
    if (first === "theirs") taken.ours.push(await ours.sample());
    told(pair);
  }
  return taken;
}

/** Measure one contestant `count` times. */
export async function sampleSeries(contestant: Contestant, count: number, told: (done: number) => void): Promise<Sample[]> {
  const taken: Sample[] = [];
  for (let index = 1; index <= count; index++) {
    taken.push(await contestant.sample());
    told(index);
  }
  return taken;
}

/** One figure of each sample. @throws NotMeasured when a sample lacks it */
export function column(samples: readonly Sample[], name: string): number[] {
  return samples.map((sample) => {
    const value = sample[name];
    if (value === undefined) throw new NotMeasured(`no figure ${name} among ${Object.keys(sample).join(", ") || "none"}`);
    return value;
  });
}
