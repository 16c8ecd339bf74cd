import type { ListOptions, RunId, RunRow, StoredEvent, StoredMessage, StoreMove, WholeRun } from "@heddle/kernel";
import type pg from "pg";
import { checksum } from "./checksum.ts";
import { exportRun } from "./export-run.ts";
import { findTaken, type RunNames } from "./find-taken.ts";
import { eventCorrupt, type EventRow, type MailRow, type SnapshotRow, soundEvents, soundMail, soundSnapshots } from "./kept-rows.ts";
import { Patience } from "./patience.ts";
import { listRuns } from "./list-runs.ts";
import { type RunRecord, toRunRow } from "./run-row.ts";
import { fromKept, toKept } from "./text.ts";

/** `list` takes numbers that a 32-bit integer holds. */
const most = 2 ** 31 - 1;

/** Everything that only reads, on connections of its own. */
export class StoreReads {
  readonly #pool: pg.Pool;
  readonly #s: string;
  readonly #place: string;
  readonly #patience: Patience;

  constructor(pool: pg.Pool, s: string, place: string, patience: Patience) {
    this.#pool = pool;
    this.#s = s;
    this.#place = place;
    this.#patience = patience;
  }

  async nextWakeMs(kinds: readonly number[] | null): Promise<number | null> {
    const [row] = await this.#rows<{ wake: number | null }>(`SELECT ${this.#s}.next_wake($1) AS wake`, [kinds]);
    return row?.wake ?? null;
  }

  async journal(runId: RunId, afterSeq: number, limit: number): Promise<readonly StoredEvent[]> {
    // One statement, so that a compaction between two reads does not look like a loss.
    const rows = await this.#rows<EventRow & { base: number }>(
      `SELECT r.base, j.seq, j.at, j.crc, j.body FROM ${this.#s}.run r JOIN ${this.#s}.journal j ON j.run = r.run
       WHERE r.id = $1 AND j.seq > $2 ORDER BY j.seq LIMIT $3`,
      [toKept(runId), afterSeq, Math.min(limit, most)],
    );
    const { events, bad } = soundEvents(runId, rows, Math.max(afterSeq, rows[0]?.base ?? 0));
    if (bad === null) return events;
    const [last] = await this.#rows<{ seq: number }>(
      `SELECT max(j.seq) AS seq FROM ${this.#s}.run r JOIN ${this.#s}.journal j ON j.run = r.run WHERE r.id = $1`,
      [toKept(runId)],
    );
    throw eventCorrupt(runId, bad, last?.seq ?? bad.seq, this.#place);
  }

  async ownedWithMail(node: string): Promise<RunId[]> {
    const rows = await this.#rows<{ id: string }>(
      `SELECT r.id FROM ${this.#s}.run r JOIN ${this.#s}.node n ON n.node = r.owner WHERE n.name = $1 AND r.mail_seq > r.mail_seen`,
      [toKept(node)],
    );
    return rows.map(({ id }) => fromKept(id));
  }

  async mail(runId: RunId): Promise<StoredMessage[]> {
    const rows = await this.#rows<MailRow>(
      `SELECT m.seq, m.at, m.crc, m.id, m.body FROM ${this.#s}.run r JOIN ${this.#s}.mail m ON m.run = r.run WHERE r.id = $1 ORDER BY m.seq`,
      [toKept(runId)],
    );
    return soundMail(runId, rows, this.#place);
  }

  /** The newest snapshot, before a seq if one is given, that is whole and whose following events are kept. */
  async snapshot(
    runId: RunId,
    beforeSeq: number = Number.MAX_SAFE_INTEGER,
  ): Promise<{ readonly seq: number; readonly body: string } | null> {
    const rows = await this.#rows<SnapshotRow>(
      `SELECT s.seq, s.crc, s.body FROM ${this.#s}.run r JOIN ${this.#s}.snapshot s ON s.run = r.run
       WHERE r.id = $1 AND s.seq < $2 AND s.seq >= r.base ORDER BY s.seq DESC`,
      [toKept(runId), beforeSeq],
    );
    return soundSnapshots(runId, rows)[0] ?? null;
  }

  async get(runId: RunId): Promise<RunRow | null> {
    const [row] = await this.#rows<RunRecord>(`SELECT * FROM ${this.#s}.run_row WHERE id = $1`, [toKept(runId)]);
    return row === undefined ? null : toRunRow(row);
  }

  list(options: ListOptions): Promise<RunRow[]> {
    return this.#patience.repeat(() => listRuns(this.#pool, this.#s, { ...options, limit: Math.min(options.limit ?? 50, most) }));
  }

  async blob(hash: string): Promise<string | null> {
    const [row] = await this.#rows<{ crc: number; body: string }>(`SELECT crc, body FROM ${this.#s}.blob WHERE hash = $1`, [toKept(hash)]);
    if (row === undefined) return null;
    const body = fromKept(row.body);
    return row.crc === checksum(hash, 0, 0, body) ? body : null;
  }

  async blobs(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.#rows<{ hash: string }>(`SELECT hash FROM ${this.#s}.blob WHERE hash > $1 ORDER BY hash LIMIT $2`, [
      toKept(after ?? ""),
      Math.min(limit, most),
    ]);
    return rows.map(({ hash }) => fromKept(hash));
  }

  /** @throws HeddleError `JOURNAL_CORRUPT` */
  async whole(runId: RunId): Promise<WholeRun | null> {
    return this.#patience.repeat(() => exportRun(this.#pool, this.#s, runId, this.#place));
  }

  async taken(runs: readonly RunNames[]): Promise<(RunRow | null)[]> {
    return this.#patience.repeat(() => findTaken(this.#pool, this.#s, runs));
  }

  async move(): Promise<StoreMove | null> {
    const [row] = await this.#rows<{ moved_to: string | null; moved_done: boolean | null }>(
      `SELECT moved_to, moved_done FROM ${this.#s}.heddle_store`,
    );
    return row === undefined || row.moved_to === null ? null : { to: row.moved_to, done: row.moved_done === true };
  }

  /** Names as in a claim to numbers of kinds; null: all. A workflow that was never started has none. */
  async kinds(workflows: readonly string[] | undefined): Promise<readonly number[] | null> {
    if (workflows === undefined) return null;
    const names = new Set(workflows.map(toKept));
    const rows = await this.#rows<{ kind: number; workflow: string; version: string | null }>(
      `SELECT kind, workflow, version FROM ${this.#s}.kind`,
    );
    return rows
      .filter(({ workflow, version }) => names.has(version === null ? workflow : `${workflow}@${version}`))
      .map(({ kind }) => kind);
  }

  async #rows<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.#patience.repeat(() => this.#pool.query<T>(sql, [...values]))).rows;
  }
}
