import type { Contestant, Sample } from "../sample.ts";
import { column } from "../sitting.ts";
import { pairedRatios } from "../statistics.ts";

/** One contestant that is measured at 1,000, 10,000 and a large number of items, each in a process of its own. */
export function itemSizes(name: string, large: number, at: (size: number) => Contestant): Contestant {
  const all = [...new Set([1_000, 10_000, large])].map((size) => ({ size, one: at(size) }));
  const middle = all.find(({ size }) => size === 10_000)?.one;
  return {
    name,
    sample: async () => {
      const sample: Record<string, number> = {};
      for (const { size, one } of all) {
        const { wallUsPerItem = Number.NaN } = await one.sample();
        sample[`wallUsPerItem${size}`] = wallUsPerItem;
        sample[`itemsPerSecond${size}`] = 1e6 / wallUsPerItem;
      }
      return sample;
    },
    ...(middle?.profile === undefined ? {} : { profile: middle.profile }),
  };
}

/** How many times the time an item grows from 1,000 items to `large`. */
export function growthOfItems(samples: readonly Sample[], large: number): number[] {
  return pairedRatios(column(samples, `wallUsPerItem${large}`), column(samples, "wallUsPerItem1000"));
}
