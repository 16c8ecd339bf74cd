import type { RunEvent, RunRow, RunStore } from "@heddle/kernel";
import { journalFaults } from "./check-journal.ts";

const pageLength = 1_000;
const ends: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "timed-out"]);

/** A run as it is kept. */
export interface KeptRun {
  readonly row: RunRow;
  readonly journal: readonly { readonly seq: number; readonly event: RunEvent }[];
}

/** Every run of a store, with its journal. */
export async function* keptRuns(store: RunStore): AsyncIterableIterator<KeptRun> {
  for (let after: string | undefined; ; ) {
    const page = await store.list({ limit: pageLength, ...(after === undefined ? null : { after }) });
    for (const row of page) {
      const stored = await store.readJournal(row.runId, 0);
      yield { row, journal: stored.map(({ seq, body }) => ({ seq, event: JSON.parse(body) as RunEvent })) };
    }
    after = page.at(-1)?.runId;
    if (page.length < pageLength) return;
  }
}

/** What must hold of every run that is kept, while nobody writes. Returns the faults that it finds, in plain words; empty: none. */
export function runFaults({ row, journal }: KeptRun): string[] {
  const faults = journalFaults(journal);
  const endings = journal.flatMap(({ event }) => (event.type === "run-ended" ? [event.outcome.status as string] : []));
  const [ending] = endings.slice(-1);
  if (ends.has(row.status) && ending !== row.status) faults.push(`it is ${row.status}, and its journal says ${ending ?? "of no end"}`);
  if (!ends.has(row.status) && journal.at(-1)?.event.type === "run-ended") faults.push(`its journal has ended, and it is ${row.status}`);
  if ((row.status === "running") !== (row.owner !== null)) faults.push(`it is ${row.status}, and its owner is ${row.owner ?? "nobody"}`);
  if (row.status === "queued" && row.wakeAtMs === null) faults.push("it is queued, and nothing will ever take it up");
  if (row.status === "waiting" && row.mailSeq > row.mailSeen && row.wakeAtMs === null)
    faults.push(`it waits, and nobody will ever read its mail ${row.mailSeen + 1}`);
  return faults.map((fault) => `run ${row.runId}: ${fault}`);
}
