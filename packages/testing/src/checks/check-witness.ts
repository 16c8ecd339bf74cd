import { contentHash, type RunStore } from "@heddle/kernel";
import type { WitnessedAppend, WitnessedEffect } from "../witness/said.ts";
import type { Witness } from "../witness/witness.ts";
import { keptRuns, runFaults, type KeptRun } from "./check-store.ts";

/**
 * Everything that must hold after whatever happened to the processes of a store: its journals keep their laws, nothing acknowledged is gone, each epoch had
 * one owner, and each recorded result of a step is one that the witness saw, once at most for each idempotency key. To be called while nobody writes.
 *
 * Every step of the store's durable functions must have told the witness, under the key of its operation or one that ends like it.
 *
 * @returns the faults that it finds, in plain words; empty: none
 */
export async function witnessFaults(store: RunStore, witness: Witness): Promise<string[]> {
  const faults = ownerFaults(witness);
  const appends = Map.groupBy(witness.appends, ({ run }) => run);
  const effects = Map.groupBy(witness.effects, ({ idempotencyKey }) => idempotencyKey);
  const recorded = new Map<string, string>();
  for await (const kept of keptRuns(store)) {
    const { runId } = kept.row;
    faults.push(...runFaults(kept));
    faults.push(...appendFaults(kept, appends.get(runId) ?? []));
    appends.delete(runId);
    for (const { idempotencyKey, attempt, seq, value } of results(kept)) {
      const where = `run ${runId}: event ${seq}`;
      const first = recorded.get(idempotencyKey);
      if (first !== undefined) faults.push(`${where} is a second result for the idempotency key of ${first}`);
      recorded.set(idempotencyKey, where);
      const seen = effects.get(idempotencyKey)?.filter((effect) => effect.attempt === attempt) ?? [];
      if (seen.length === 0) faults.push(`${where} is the result of an attempt ${attempt} that nobody saw`);
      else if (!isOneOf(value, seen)) faults.push(`${where} has receipt ${JSON.stringify(value)}, of another effect`);
    }
  }
  for (const [run, lost] of appends) faults.push(`run ${run}: is gone, with ${lost.length} acknowledged appends`);
  return faults;
}

/** One owner for each epoch, as far as the witness was told. */
function ownerFaults({ claims, appends }: Witness): string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  const claimed = new Set<string>();
  for (const { run, epoch, node } of [...claims, ...appends]) {
    const key = `${run} ${epoch}`;
    const owner = owners.get(key);
    if (owner !== undefined && owner !== node) faults.push(`run ${run}: epoch ${epoch} had two owners, ${owner} and ${node}`);
    owners.set(key, node);
  }
  for (const { run, epoch } of claims) {
    if (claimed.has(`${run} ${epoch}`)) faults.push(`run ${run}: epoch ${epoch} was given twice`);
    claimed.add(`${run} ${epoch}`);
  }
  return faults;
}

/** What was acknowledged is there, once, and no epoch wrote behind a later one. */
function appendFaults({ row, journal }: KeptRun, appends: readonly WitnessedAppend[]): string[] {
  const faults: string[] = [];
  const last = journal.at(-1)?.seq ?? 0;
  let before: WitnessedAppend | undefined;
  for (const append of appends.toSorted((one, other) => one.from - other.from || one.through - other.through)) {
    const { from, through, epoch, node } = append;
    if (through > last) faults.push(`run ${row.runId}: events ${from} to ${through} were acknowledged, and its journal ends at ${last}`);
    if (before !== undefined && from <= before.through)
      faults.push(`run ${row.runId}: event ${from} was acknowledged to two, ${before.node} and ${node}`);
    if (before !== undefined && epoch < before.epoch)
      faults.push(`run ${row.runId}: epoch ${epoch} wrote event ${from} behind epoch ${before.epoch}`);
    if (epoch > row.epoch) faults.push(`run ${row.runId}: epoch ${epoch} wrote, and it is at ${row.epoch}`);
    before = append;
  }
  return faults;
}

interface RecordedResult {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly seq: number;
  readonly value: unknown;
}

/** Completed steps of a durable function, by the idempotency keys that they were given. */
function* results({ row, journal }: KeptRun): IterableIterator<RecordedResult> {
  let segment = 1;
  let effects = row.runId;
  for (const { seq, event } of journal) {
    if (event.type === "run-started") effects = event.effects ?? row.runId;
    else if (event.type === "segment-started") segment++;
    else if (event.type === "op-ended" && event.op === "step" && event.outcome.status === "completed") {
      const idempotencyKey = contentHash([effects, "main", [], 1, segment, event.key]);
      yield { idempotencyKey, attempt: event.attempt ?? 1, seq, value: event.outcome.value };
    }
  }
}

/** A step that records its receipt must have one of its own. */
function isOneOf(value: unknown, effects: readonly WitnessedEffect[]): boolean {
  if (typeof value !== "object" || value === null || !("receipt" in value)) return true;
  return effects.some(({ receipt }) => receipt === value.receipt);
}
