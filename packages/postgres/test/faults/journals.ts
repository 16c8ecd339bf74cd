import assert from "node:assert/strict";
import type { RunEvent } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { journalFaults } from "@heddle/testing";

/** What stands in a run's journal, after it was found to have no gap, no double and one end at most. */
export async function soundJournal(address: string, runId: string): Promise<readonly RunEvent[]> {
  await using store = await openPostgresStore({ url: address });
  const events = (await store.readJournal(runId, 0)).map(({ seq, body }) => ({ seq, event: JSON.parse(body) as RunEvent }));
  assert.deepEqual(journalFaults(events), [], runId);
  return events.map(({ event }) => event);
}
