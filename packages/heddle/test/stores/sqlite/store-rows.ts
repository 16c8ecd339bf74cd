import type { CommitVerdict, NewRun, PartVerdict, RunPart, RunStore } from "@heddle/kernel";
import { newRunRow } from "@heddle/testing";

/** A run that is due at once, with one event; owned when `claimFor` is given. */
export function newRun(runId: string, claimFor?: string, fields: Partial<NewRun["row"]> = {}): NewRun {
  const row = newRunRow(runId, { createdAtMs: 1, inputHash: "hash", ...fields });
  return { row, events: [`${runId} 1`], ...(claimFor !== undefined && { claimFor }) };
}

/** One event behind `expectedSeq`, which says its place. */
export function nextEvent(runId: string, expectedSeq: number, fields: Partial<RunPart> = {}): RunPart {
  return { runId, epoch: 1, expectedSeq, events: [`${runId} ${expectedSeq + 1}`], atMs: 1, ...fields };
}

export async function commit(store: RunStore, ...parts: RunPart[]): Promise<readonly PartVerdict[]> {
  return (await store.commit({ parts })).parts;
}

export async function create(store: RunStore, ...creates: NewRun[]): Promise<CommitVerdict> {
  return store.commit({ creates });
}

export async function bodies(store: RunStore, runId: string): Promise<string[]> {
  return (await store.readJournal(runId, 0)).map(({ body }) => body);
}

/** What `bodies` gives for a run of so many events that `newRun` and `nextEvent` made. */
export function expectedBodies(runId: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${runId} ${index + 1}`);
}
