import { edgeOn, onDrained, onLabelled } from "../plan/compiled-plan.ts";
import { deliver } from "./joins.ts";
import { blamed, outcomeIn, statusIn } from "./outcomes.ts";
import type { RunState } from "./run-state.ts";
import { statusNone, taintBits } from "./status.ts";
import { taintedBy, tokenTaken, tokenUntaken } from "./token.ts";

/** One token on an edge in the root frame, as by the last end of its source, if it has ended (rules 31 and 32). */
export function deliverAgain(state: RunState, from: number, edge: number): void {
  const on = state.plan.edges[edge + edgeOn]!;
  if ((on & onDrained) !== 0) {
    if (state.root.items?.has(from) === true && !isSpawning(state, from)) deliver(state, state.root, edge, tokenTaken);
    return;
  }
  const status = statusIn(state, state.root, from);
  if (status === statusNone) return;
  const last = state.history?.takes.get(from);
  const taken = ((on >> status) & 1) !== 0 && last?.gone !== true && ((on & onLabelled) === 0 || last?.labels.includes(state.plan.labels.get(edge)!) === true);
  const tainted = ((taintBits >> status) & 1) !== 0;
  deliver(state, state.root, edge, taken ? tokenTaken : tainted ? taintedBy(blamed(state, from, outcomeIn(state, state.root, from))) : tokenUntaken);
}

/** Whether a spawn of the task is open in the root frame: its token is still to come. */
function isSpawning(state: RunState, task: number): boolean {
  for (const spawn of state.spawns?.values() ?? []) if (spawn.task === task && spawn.parent === state.root) return true;
  return false;
}
