// W3: a layered task graph.
import { open } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { liveBytes, timeFewCalls } from "../../src/timing.ts";
import { graphPlan } from "./plans.ts";

/** @param what `run`: time of a run; `heap`: what it keeps alive shortly before its end */
export async function measure({ tasks, what }: Parameters): Promise<Sample> {
  return what === "heap" ? heap(Number(tasks)) : time(Number(tasks));
}

async function time(size: number): Promise<Sample> {
  const graph = graphPlan(size, async () => 1);
  const openedAt = performance.now();
  await using engine = await open("memory:", { workflows: [graph], retention: 0 });
  const compileUs = (performance.now() - openedAt) * 1000;
  const { wallUs, cpuUs } = await timeFewCalls(
    async () => {
      const run = await engine.start(graph, null);
      if ((await run.result()) !== 1) throw new Error("The graph lost its value.");
    },
    size > 200_000 ? 3 : 5,
  );
  return { wallUsPerTask: wallUs / size, cpuUsPerTask: cpuUs / size, compileUsPerTask: compileUs / size };
}

async function heap(size: number): Promise<Sample> {
  let arrived = (): void => {};
  let leave = (): void => {};
  const graph = graphPlan(
    size,
    async () => undefined,
    () =>
      new Promise<void>((resolve) => {
        leave = resolve;
        arrived();
      }),
  );
  await using engine = await open("memory:", { workflows: [graph] });

  // The first run makes whatever the engine keeps for the plan itself.
  const round = async (id: string): Promise<{ bytes: number }> => {
    const atLast = new Promise<void>((resolve) => (arrived = resolve));
    const run = await engine.start(graph, null, { id });
    await atLast;
    const bytes = liveBytes();
    leave();
    await run.result();
    await engine.delete(id);
    return { bytes };
  };
  await round("first");
  const before = liveBytes();
  const { bytes } = await round("second");
  return { bytesPerTask: (bytes - before) / size };
}
