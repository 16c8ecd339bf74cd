import type { Id } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { canonically } from "./canonical-order.ts";
import type { TaskEnded } from "./event.ts";
import { find } from "./numbered.ts";
import type { Kept, RunState } from "./run-state.ts";

/** Whether the answer to `no` will close the superstep round that runs, so that its event has to carry the merged `fold` channels. */
export function closesRound(state: RunState, no: number): boolean {
  if (state.round?.open !== 1) return false;
  const type = find(state.live, no)?.type;
  return type === "start-task" || type === "decide-group";
}

/** The tasks that complete in the round that this answer will close, in no order; without it, none does. */
export function endsOfRound(state: RunState, { no, task, outcome }: TaskEnded): readonly Id[] {
  if (!closesRound(state, no)) return [];
  const ended = (state.round?.kept ?? []).filter((kept) => kept.outcome.status === "completed").map(({ record }) => record.task);
  return outcome.status === "completed" ? [...ended, task] : ended;
}

export interface PendingWrite {
  readonly channel: Id;
  readonly value: Json;
  /** Task that wrote it, and its activation. */
  readonly task: Id;
  readonly no: number;
}

/** The writes of the round that runs, with those of the answer that is about to come, in the order in which they will take effect. */
export function pendingWrites(state: RunState, answer?: TaskEnded): readonly PendingWrite[] {
  const ends: Kept[] = [...(state.round?.kept ?? [])];
  const record = answer === undefined ? undefined : find(state.live, answer.no);
  if (answer !== undefined && (record?.type === "start-task" || record?.type === "decide-group")) {
    ends.push({ record, outcome: answer.outcome, verbs: answer.verbs });
  }
  const writes: PendingWrite[] = [];
  for (const { record: end, outcome, verbs } of ends.sort(canonically)) {
    if (verbs === undefined || outcome.status !== "completed") continue;
    for (const verb of verbs) if ("write" in verb) writes.push({ channel: verb.write, value: verb.value, task: end.task, no: end.no });
  }
  return writes;
}
