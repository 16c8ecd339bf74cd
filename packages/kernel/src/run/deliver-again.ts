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
    const drained = state.root.items?.get(from)?.youngest;
    if (drained !== undefined && !hasYoungerSpawn(state, from, drained)) deliver(state, state.root, edge, tokenTaken);
    return;
  }
  const status = statusIn(state, state.root, from);
  if (status === statusNone) return;
  const last = state.history?.takes.get(from);
  const taken =
    ((on >> status) & 1) !== 0 &&
    last?.gone !== true &&
    ((on & onLabelled) === 0 || last?.labels.includes(state.plan.labels.get(edge)!) === true);
  const tainted = ((taintBits >> status) & 1) !== 0;
  deliver(
    state,
    state.root,
    edge,
    taken ? tokenTaken : tainted ? taintedBy(blamed(state, from, outcomeIn(state, state.root, from))) : tokenUntaken,
  );
}

/** Whether the last spawn of the task in the root frame is still open: its token is to come. */
function hasYoungerSpawn(state: RunState, task: number, serial: number): boolean {
  for (const spawn of state.spawns?.values() ?? [])
    if (spawn.task === task && spawn.parent === state.root && spawn.serial > serial) return true;
  return false;
}
