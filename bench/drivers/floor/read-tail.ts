// W5: the part of the journal that has to be looked at again after a crash, read and parsed by hand.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Parameters, Sample } from "../../src/sample.ts";

/** @param folder with the store of `heddle/long-run.ts`, whose tail is what follows the last segment's start */
export async function measure({ folder }: Parameters): Promise<Sample> {
  const file = join(String(folder), "heddle.db");
  const after = lastSegment(file);
  const startedAt = performance.now();
  const database = new DatabaseSync(file);
  const rows = database
    .prepare("SELECT seq, at, body FROM heddle_journal WHERE run = ? AND seq > ? ORDER BY seq")
    .all(after.run, after.seq);
  let steps = 0;
  for (const { body } of rows) if ((JSON.parse(String(body)) as { type: string }).type === "op-ended") steps++;
  const readTailMs = performance.now() - startedAt;
  database.close();
  return { readTailMs, tailEvents: rows.length, tailSteps: steps };
}

function lastSegment(file: string): { readonly run: number; readonly seq: number } {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database
    .prepare(
      "SELECT run, seq FROM heddle_journal WHERE run = (SELECT run FROM heddle_run WHERE id = 'long') AND body LIKE '%\"segment-started\"%' ORDER BY seq DESC LIMIT 1",
    )
    .get();
  database.close();
  if (row === undefined) throw new Error("The run never began a second segment.");
  return { run: Number(row["run"]), seq: Number(row["seq"]) };
}
