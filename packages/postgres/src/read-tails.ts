import type { RunId, RunTail } from "@heddle/kernel";
import type pg from "pg";
import { type EventRow, type MailRow, type SnapshotRow, soundEvents, soundMail, soundSnapshots } from "./kept-rows.ts";
import { toKept } from "./text.ts";

interface TailRow {
  readonly n: number;
  readonly base: number;
  readonly snapshot: SnapshotRow | null;
  readonly events: readonly EventRow[];
  readonly mail: readonly MailRow[];
}

/** What is needed to go on with several runs, by one statement, at one moment. Null: that run is to be read by itself. */
export async function readTails(
  pool: pg.Pool,
  s: string,
  runIds: readonly RunId[],
  mostEvents: number,
  place: string,
): Promise<(RunTail | null)[]> {
  const values = [runIds.map(toKept), mostEvents + 1];
  const { rows } = await pool.query<TailRow>(`SELECT n, base, snapshot, events, mail FROM ${s}.tails($1, $2)`, values);
  const tails: (RunTail | null)[] = runIds.map(() => null);
  for (const row of rows) tails[row.n - 1] = soundTail(runIds[row.n - 1]!, row, mostEvents, place);
  return tails;
}

function soundTail(runId: RunId, { base, snapshot, events: rows, mail }: TailRow, mostEvents: number, place: string): RunTail | null {
  if (rows.length > mostEvents) return null;
  const [sound = null] = snapshot === null ? [] : soundSnapshots(runId, [snapshot]);
  if (snapshot !== null && sound === null) return null;
  const { events, bad } = soundEvents(runId, rows, Math.max(sound?.seq ?? 0, base));
  if (bad !== null) return null;
  try {
    return { snapshot: sound, events, mail: soundMail(runId, mail, place) };
  } catch {
    // Who reads it by itself is told what is wrong with it.
    return null;
  }
}
