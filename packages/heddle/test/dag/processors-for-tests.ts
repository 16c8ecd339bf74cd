import type { Strategy, Processor } from "heddle";

export const strategies: readonly Strategy[] = ["work_queue", "level", "reactive", "hybrid", "critical_path"];

/** Lets so many turns of the event loop pass: who ends first is up to the seed, and no clock decides. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The same numbers for the same seed. */
export function dice(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

/** What a node's options call its mark; none: nothing. */
export function markOf({ mark }: Readonly<Record<string, unknown>>): string {
  return typeof mark === "string" ? mark : "";
}

/** Appends its node's mark to a text after a random while, and says what it saw. */
export function slowMark(roll: (below: number) => number): Processor {
  return async ({ payload, options, metadata }) => {
    await turns(roll(6));
    return { payload: `${String(payload)}${markOf(options)}`, metadata: { saw: payload, with: Object.keys(metadata) } };
  };
}

export function failing(message = "no", more: object = {}): Processor {
  return () => {
    throw Object.assign(new Error(message), more);
  };
}
