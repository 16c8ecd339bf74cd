import { HeddleError, type RunId, type StoredEvent, type StoredMessage } from "@heddle/kernel";
import { checksum } from "./checksum.ts";
import { fromKept } from "./text.ts";

export interface EventRow {
  readonly seq: number;
  readonly at: number;
  readonly crc: number;
  readonly body: string;
}

export interface MailRow extends EventRow {
  readonly id: string;
}

export interface SnapshotRow {
  readonly seq: number;
  readonly crc: number;
  readonly body: string;
}

/** Rows of a journal that follow `afterSeq`, up to the first that is missing or damaged. */
export function soundEvents(
  runId: RunId,
  rows: readonly EventRow[],
  afterSeq: number,
): { readonly events: readonly StoredEvent[]; readonly bad: { readonly seq: number; readonly what: string } | null } {
  const events: StoredEvent[] = [];
  let seq = afterSeq;
  for (const row of rows) {
    seq++;
    const body = fromKept(row.body);
    if (row.seq !== seq) return { events, bad: { seq, what: "is missing" } };
    if (row.crc !== checksum(runId, seq, row.at, body)) return { events, bad: { seq, what: "fails its checksum" } };
    events.push({ seq, atMs: row.at, body });
  }
  return { events, bad: null };
}

export function eventCorrupt(
  runId: RunId,
  { seq, what }: { readonly seq: number; readonly what: string },
  lastSeq: number,
  place: string,
): HeddleError {
  const message = `Event ${seq} of run ${runId} ${what} at ${place}: pause the run, and restore it from a backup.`;
  return new HeddleError("JOURNAL_CORRUPT", message, { data: { runId, seq, lastSeq } });
}

/** @throws HeddleError `JOURNAL_CORRUPT` */
export function soundMail(runId: RunId, rows: readonly MailRow[], place: string): StoredMessage[] {
  return rows.map((row) => {
    const id = fromKept(row.id);
    const body = fromKept(row.body);
    if (row.crc !== checksum(runId, id, row.at, body)) {
      const message = `Mail ${row.seq} of run ${runId} fails its checksum at ${place}: pause the run, and restore it from a backup.`;
      throw new HeddleError("JOURNAL_CORRUPT", message, { data: { runId, mailSeq: row.seq } });
    }
    return { mailSeq: row.seq, id, atMs: row.at, body };
  });
}

export function soundSnapshots(runId: RunId, rows: readonly SnapshotRow[]): { readonly seq: number; readonly body: string }[] {
  return rows
    .map(({ seq, crc, body }) => ({ seq, crc, body: fromKept(body) }))
    .filter(({ crc, body }) => crc === checksum(runId, "snapshot", 0, body))
    .map(({ seq, body }) => ({ seq, body }));
}
