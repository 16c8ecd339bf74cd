// W1: what the language itself takes. Plain async functions, state passed by hand.
import type { Parameters, Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";

interface State {
  readonly n: number;
}

/** @param nodes calls in a run */
export async function measure({ nodes }: Parameters): Promise<Sample> {
  const calls = Array.from(
    { length: 10 },
    () =>
      async (state: State): Promise<State> => ({ n: state.n + 1 }),
  );
  const count = Number(nodes);
  const { wallUs, cpuUs } = await timePerCall(async () => {
    let state: State = { n: 0 };
    for (let node = 0; node < count; node++) state = { ...state, ...(await (calls[node % 10] as (state: State) => Promise<State>)(state)) };
    if (state.n !== count) throw new Error("The chain lost a call.");
  });
  return { wallUsPerNode: wallUs / count, cpuUsPerNode: cpuUs / count };
}
