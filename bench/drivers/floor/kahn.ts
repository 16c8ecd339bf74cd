// W3: a task graph by hand: count what each task waits for, start what waits for nothing.
import type { Parameters, Sample } from "../../src/sample.ts";
import { timeFewCalls } from "../../src/timing.ts";
import { layeredDag } from "../layered-dag.ts";

export async function measure({ tasks }: Parameters): Promise<Sample> {
  const size = Number(tasks);
  const after = layeredDag(size);
  const { wallUs, cpuUs } = await timeFewCalls(() => run(size, after), size > 200_000 ? 3 : 5);
  return { wallUsPerTask: wallUs / size, cpuUsPerTask: cpuUs / size };
}

async function run(size: number, after: readonly (readonly number[])[]): Promise<void> {
  const missing = new Int32Array(size);
  const next: number[][] = Array.from({ length: size }, () => []);
  for (let task = 0; task < size; task++) {
    const sources = after[task] as number[];
    missing[task] = sources.length;
    for (const source of sources) (next[source] as number[]).push(task);
  }
  let done = 0;
  await new Promise<void>((resolve) => {
    const start = (task: number): void => {
      void step(task).then(() => {
        for (const follower of next[task] as number[]) {
          const left = (missing[follower] as number) - 1;
          missing[follower] = left;
          if (left === 0) start(follower);
        }
        if (++done === size) resolve();
      });
    };
    for (let task = 0; task < size; task++) if ((after[task] as number[]).length === 0) start(task);
  });
}

async function step(task: number): Promise<{ n: number }> {
  return { n: task + 1 };
}
