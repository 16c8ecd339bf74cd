// W2: a fan of 1-100-1 and a map, by Promise.all.
import type { Parameters, Sample } from "../../src/sample.ts";
import { timeFewCalls, timePerCall } from "../../src/timing.ts";

const step = async (n: number): Promise<number> => n + 1;

/** @param items of the map; 0 measures the fan */
export async function measure({ items }: Parameters): Promise<Sample> {
  const count = Number(items);
  if (count === 0) {
    const { wallUs, cpuUs } = await timePerCall(async () => {
      const first = await step(0);
      const middle = await Promise.all(Array.from({ length: 100 }, () => step(first)));
      return step(middle.length);
    });
    return { runsPerSecond: 1e6 / wallUs, cpuUsPerRun: cpuUs };
  }
  const list = Array.from({ length: count }, (_, index) => index);
  const { wallUs, cpuUs } = await timeFewCalls(() => Promise.all(list.map(step)));
  return { itemsPerSecond: (count * 1e6) / wallUs, wallUsPerItem: wallUs / count, cpuUsPerItem: cpuUs / count };
}
