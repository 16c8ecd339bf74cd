import assert from "node:assert/strict";
import type {
  CommitBatch,
  CommitVerdict,
  CreateVerdict,
  MessageVerdict,
  NewMessage,
  NewRun,
  PartVerdict,
  RunId,
  RunPart,
  RunRow,
  RunStatus,
  RunStore,
} from "@heddle/kernel";
import { newRunRow } from "../../samples/new-run-row.ts";

/** The suite's time begins here: in the past of any real clock, so that a store's own clock never delays a wake-up. */
export const startMs = 1_700_000_000_000;

export type RowFields = Partial<NewRun["row"]>;

/** A run that is due at once. */
export function newRun(
  runId: RunId,
  fields: RowFields = {},
  rest: { readonly events?: readonly string[]; readonly claimFor?: string } = {},
): NewRun {
  const row = newRunRow(runId, { wakeAtMs: startMs, createdAtMs: startMs, inputHash: "hash", ...fields });
  return { row, events: rest.events ?? ['{"type":"run-started"}'], ...(rest.claimFor !== undefined && { claimFor: rest.claimFor }) };
}

/** The row of `newRun(runId)` as it stands after it was created. */
export function newRow(runId: RunId, fields: Partial<RunRow> = {}): RunRow {
  return {
    ...newRun(runId).row,
    status: "queued",
    epoch: 0,
    owner: null,
    crashes: 0,
    mailSeq: 0,
    mailSeen: 0,
    endedAtMs: null,
    dead: null,
    note: null,
    ...fields,
  };
}

export function part(runId: RunId, expectedSeq: number | null, fields: Partial<RunPart> = {}): RunPart {
  return { runId, epoch: 1, expectedSeq, events: [], atMs: startMs, ...fields };
}

export function message(runId: RunId, id: string, fields: Partial<NewMessage> = {}): NewMessage {
  return { runId, id, atMs: startMs, body: `{"id":"${id}"}`, ...fields };
}

export async function commit(store: RunStore, batch: CommitBatch): Promise<CommitVerdict> {
  return store.commit(batch);
}

export async function create(store: RunStore, run: NewRun): Promise<CreateVerdict> {
  return only((await store.commit({ creates: [run] })).creates);
}

/** A run that this node owns at epoch 1, with one event. */
export async function createOwned(store: RunStore, runId: RunId, fields: RowFields = {}, node = "node-a"): Promise<void> {
  assert.deepEqual(await create(store, newRun(runId, fields, { claimFor: node })), { status: "created", claimed: true });
}

export async function append(store: RunStore, one: RunPart): Promise<PartVerdict> {
  return only((await store.commit({ parts: [one] })).parts);
}

export async function send(store: RunStore, one: NewMessage): Promise<MessageVerdict["status"]> {
  return only((await store.commit({ messages: [one] })).messages).status;
}

export async function claim(store: RunStore, nowMs: number, limit = 100, workflows?: readonly string[], node = "node-a"): Promise<RunId[]> {
  const rows = await store.claim({ node, limit, nowMs, ...(workflows !== undefined && { workflows }) });
  return rows.map((row) => row.runId);
}

/** Release a run at epoch 1 with nothing else. */
export async function release(
  store: RunStore,
  runId: RunId,
  seq: number,
  status: Exclude<RunStatus, "running">,
  wakeAtMs: number | null = null,
  fields: Partial<RunPart> = {},
): Promise<void> {
  assert.deepEqual(await append(store, part(runId, seq, { release: { status, wakeAtMs }, ...fields })), { status: "ok", seq });
}

export async function bodies(store: RunStore, runId: RunId): Promise<string[]> {
  return (await store.readJournal(runId, 0)).map((event) => event.body);
}

export async function row(store: RunStore, runId: RunId): Promise<RunRow> {
  const found = await store.get(runId);
  assert.ok(found !== null, `run ${runId} is there`);
  return found;
}

export function only<T>(items: readonly T[]): T {
  assert.equal(items.length, 1);
  return items[0]!;
}
