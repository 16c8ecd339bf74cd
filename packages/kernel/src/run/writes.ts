import { applyWrite, emptyEphemerals } from "./channels.ts";
import { failAtOnce } from "./ending.ts";
import { type Kept, type OpenDecision, type OpenTask, rootHistory, type RunState } from "./run-state.ts";
import { kernelError } from "./kernel-error.ts";
import type { ErrorValue } from "./outcome.ts";
import type { Json } from "../value/json.ts";
import type { Verb } from "./verb.ts";

/** An ended activation's writes take effect, in verb order. False: one was refused and the run has ended. */
export function applyWrites(
  state: RunState,
  record: OpenTask | OpenDecision,
  verbs: readonly Verb[],
  merged: Readonly<Record<string, Json>> | undefined,
): boolean {
  for (const verb of verbs) {
    if (!("write" in verb)) continue;
    const fault = applyWrite(state, record.at, verb.write, verb.value, merged);
    if (fault !== undefined && !survive(state, record, fault)) return false;
  }
  return true;
}

/**
 * The writes of a round take effect, in canonical order; two activations that write one `value` or `ephemeral` channel are in conflict.
 *
 * @returns how many ends' writes took effect; less than all when one was refused and the run has ended
 */
export function applyRoundWrites(state: RunState, kept: readonly Kept[], merged: Readonly<Record<string, Json>> | undefined): number {
  emptyEphemerals(state);
  let writers: Map<string, OpenTask | OpenDecision> | undefined;
  for (let index = 0; index < kept.length; index++) {
    const { record, outcome, verbs } = kept[index]!;
    if (verbs === undefined || outcome.status !== "completed") continue;
    for (const verb of verbs) {
      if (!("write" in verb)) continue;
      // One alone is in conflict with none.
      if (kept.length > 1) writers ??= new Map();
      const refused = writers === undefined ? undefined : conflict(state, writers, record, verb.write);
      const fault = refused ?? applyWrite(state, record.at, verb.write, verb.value, merged);
      if (fault !== undefined && !survive(state, record, fault)) return index;
    }
  }
  return kept.length;
}

function conflict(
  state: RunState,
  writers: Map<string, OpenTask | OpenDecision>,
  record: OpenTask | OpenDecision,
  channel: string,
): ErrorValue | undefined {
  const number = state.plan.channelNumbers.get(channel);
  if (number === undefined || state.plan.writes.get(record.at)?.has(channel) === false) return undefined;
  const { kind } = state.plan.channels[number]!;
  if (kind !== "value" && kind !== "ephemeral") return undefined;
  const writer = writers.get(channel);
  if (writer === undefined) writers.set(channel, record);
  if (writer === undefined || writer === record) return undefined;
  return kernelError(
    "CHANNEL_CONFLICT",
    `Tasks "${writer.task}" and "${record.task}" both wrote channel "${channel}" in one round, and it holds one value. Let one of them write it, or make it last, append, put, keyed or fold.`,
    {
      data: { channel, tasks: [writer.task, record.task] },
    },
  );
}

/** While the run is ending a refused write is left out; else it ends the run. */
function survive(state: RunState, record: OpenTask | OpenDecision, fault: ErrorValue): boolean {
  if (state.phase === "ending") return true;
  if (record.frame === 0) rootHistory(state).cut.add(record.at);
  failAtOnce(state, fault);
  return false;
}
