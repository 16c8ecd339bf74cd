import { createHash } from "node:crypto";
import type { RunRow, WholeRun } from "@heddle/kernel";

const noteBeginning = "STORE_MOVED: it is being copied from ";

/** What stands in the note of a run that has arrived and must not go on before all have. */
export function arrivingNote(from: string): string {
  return `${noteBeginning}${from}, and goes on when all runs of that store are here.`;
}

/** Would a node take it up? It arrives paused. */
export function goesOn({ status, dead }: RunRow): boolean {
  return (status === "queued" || status === "waiting") && dead === null;
}

/** As it arrives. */
export function arriving(whole: WholeRun, note: string): WholeRun {
  return goesOn(whole.row) ? { ...whole, row: { ...whole.row, status: "paused", note } } : whole;
}

export function isArriving(row: RunRow, note: string): boolean {
  return row.status === "paused" && row.note === note;
}

/** From whatever store. */
export function arrivesFromSomewhere({ status, note }: RunRow): boolean {
  return status === "paused" && note !== null && note.startsWith(noteBeginning);
}

/**
 * A run in the store that was copied to, as it will be when it is handed over; and without the mail that came to it there meanwhile.
 *
 * @param source its row in the store that was copied from
 */
export function settled(there: WholeRun, source: RunRow, note: string): WholeRun {
  const { status, wakeAtMs, note: said } = source;
  const row = isArriving(there.row, note) ? { ...there.row, status, wakeAtMs, note: said } : there.row;
  const newer = there.row.mailSeq - source.mailSeq;
  if (newer <= 0) return { ...there, row };
  const since = new Set(there.mail.filter(({ mailSeq }) => mailSeq > source.mailSeq).map(({ id }) => id));
  return {
    ...there,
    row: { ...row, mailSeq: source.mailSeq, wakeAtMs: goesOn(source) ? wakeAtMs : row.wakeAtMs },
    mail: there.mail.filter(({ mailSeq }) => mailSeq <= source.mailSeq),
    mailIds: there.mailIds.filter((id) => !since.has(id)),
  };
}

/** SHA-256 of all that is kept of a run, hexadecimal. Of an owner there is none. */
export function digestOf({ row, compactedThrough, events, mail, mailIds, snapshots }: WholeRun): string {
  const hash = createHash("sha256");
  const { tags, owner: _, ...plain } = row;
  hash.update(JSON.stringify([Object.entries(plain).sort(byName), Object.entries(tags).sort(byName), compactedThrough]));
  for (const { seq, atMs, body } of events) hash.update(JSON.stringify([seq, atMs, body]));
  for (const { mailSeq, id, atMs, body } of mail) hash.update(JSON.stringify([mailSeq, id, atMs, body]));
  hash.update(JSON.stringify(mailIds.toSorted()));
  for (const { seq, body } of snapshots) hash.update(JSON.stringify([seq, body]));
  return hash.digest("hex");
}

/** The first thing in which two runs differ, for people; null: nothing. */
export function differenceOf(one: WholeRun, other: WholeRun): string | null {
  for (const name of Object.keys(one.row) as (keyof RunRow)[]) {
    if (name === "owner") continue;
    const [was, is] = [JSON.stringify(one.row[name]), JSON.stringify(other.row[name])];
    if (name === "tags" ? digestOf({ ...one, row: { ...one.row, tags: other.row.tags } }) !== digestOf(one) : was !== is)
      return `${name} is ${is}, not ${was}`;
  }
  for (const [what, these, those] of [
    ["events", one.events, other.events],
    ["messages", one.mail, other.mail],
    ["snapshots", one.snapshots, other.snapshots],
  ] as const) {
    if (these.length !== those.length) return `it has ${those.length} ${what}, not ${these.length}`;
    const at = these.findIndex((each, index) => JSON.stringify(each) !== JSON.stringify(those[index]));
    if (at >= 0) return `the first of its ${what} that differs is number ${at + 1}`;
  }
  return digestOf(one) === digestOf(other) ? null : "the ids of its mail, or what was compacted";
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** Characters that it holds, about. */
export function sizeOf({ events, mail, mailIds, snapshots }: WholeRun): number {
  const texts = [events, mail, snapshots].flatMap((list) => list.map(({ body }) => body.length + 50));
  return texts.reduce((sum, length) => sum + length, 1_000 + mailIds.length * 50);
}
