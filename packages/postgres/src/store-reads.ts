import {
  claimTerms,
  nameMark,
  type ListOptions,
  type NodeRow,
  type Placement,
  readPlacement,
  type RunId,
  type RunRow,
  type RunTail,
  type StoredEvent,
  type StoredMessage,
  type StoreMove,
  type WakeOptions,
  type WholeRun,
} from "@heddle/kernel";
import type pg from "pg";
import { checksum } from "./checksum.ts";
import { exportRun } from "./export-run.ts";
import { findTaken, type RunNames } from "./find-taken.ts";
import { eventCorrupt, type EventRow, type MailRow, type SnapshotRow, soundEvents, soundMail, soundSnapshots } from "./kept-rows.ts";
import { Patience } from "./patience.ts";
import { listRuns } from "./list-runs.ts";
import { readTails } from "./read-tails.ts";
import { type NodeRecord, toNodeRow } from "./node-row.ts";
import { type RunRecord, toRunRow } from "./run-row.ts";
import { fromKept, fromKeptOrNull, toKept, toKeptOrNull } from "./text.ts";

/** `list` takes numbers that a 32-bit integer holds. */
const most = 2 ** 31 - 1;

interface KindRecord {
  readonly kind: number;
  readonly workflow: string;
  readonly version: string | null;
  readonly queue: string;
  readonly placement: string | null;
}

/** Kinds, and for each: how long its runs must have been due, and how many of them the node may own at most. */
export interface Offers {
  readonly kinds: number[];
  readonly delays: number[];
  readonly most: (number | null)[];
}

/** Everything that only reads, on connections of its own. */
export class StoreReads {
  readonly #pool: pg.Pool;
  readonly #s: string;
  readonly #place: string;
  readonly #patience: Patience;
  readonly #prepares: boolean;
  readonly #placements = new Map<string | null, Placement | null>();

  /** @param prepares statements may be prepared: there is no pooler between */
  constructor(pool: pg.Pool, s: string, place: string, patience: Patience, prepares: boolean) {
    this.#pool = pool;
    this.#s = s;
    this.#place = place;
    this.#patience = patience;
    this.#prepares = prepares;
  }

  async nextWakeMs(options: WakeOptions, nowMs: number): Promise<number | null> {
    const { kinds, delays, most } = await this.offers(options, nowMs);
    if (kinds.length === 0) return null;
    const node = toKeptOrNull(options.node);
    const [row] = await this.#rows<{ wake: number | null }>(`SELECT ${this.#s}.next_wake($1, $2, $3, $4) AS wake`, [
      node,
      kinds,
      delays,
      most,
    ]);
    return row?.wake ?? null;
  }

  async nodes(): Promise<NodeRow[]> {
    return (await this.#rows<NodeRecord>(`SELECT * FROM ${this.#s}.node_row ORDER BY name`)).map(toNodeRow);
  }

  async journal(runId: RunId, afterSeq: number, limit: number): Promise<readonly StoredEvent[]> {
    // One statement, so that a compaction between two reads does not look like a loss.
    // Planning it, over all parts of the journal, costs more than reading a few events.
    const named = this.#prepares ? { name: "journal" } : null;
    const rows = await this.#rows<EventRow & { base: number }>(
      `SELECT r.base, j.seq, j.at, j.crc, j.body FROM ${this.#s}.run r JOIN ${this.#s}.journal j ON j.run = r.run AND j.part = r.part
       WHERE r.id = $1 AND j.seq > $2 ORDER BY j.seq LIMIT $3`,
      [toKept(runId), afterSeq, Math.min(limit, most)],
      named,
    );
    const { events, bad } = soundEvents(runId, rows, Math.max(afterSeq, rows[0]?.base ?? 0));
    if (bad === null) return events;
    const [last] = await this.#rows<{ seq: number }>(
      `SELECT max(j.seq) AS seq FROM ${this.#s}.run r JOIN ${this.#s}.journal j ON j.run = r.run AND j.part = r.part WHERE r.id = $1`,
      [toKept(runId)],
    );
    throw eventCorrupt(runId, bad, last?.seq ?? bad.seq, this.#place);
  }

  async last(runId: RunId, count: number): Promise<readonly StoredEvent[]> {
    const rows = await this.#rows<EventRow>(
      `SELECT j.seq, j.at, j.crc, j.body FROM ${this.#s}.run r JOIN ${this.#s}.journal j ON j.run = r.run AND j.part = r.part
       WHERE r.id = $1 ORDER BY j.seq DESC LIMIT $2`,
      [toKept(runId), Math.min(count, most)],
      this.#prepares ? { name: "last" } : null,
    );
    const { events, bad } = soundEvents(runId, rows.toReversed(), (rows.at(-1)?.seq ?? 1) - 1);
    if (bad === null) return events;
    throw eventCorrupt(runId, bad, rows[0]?.seq ?? bad.seq, this.#place);
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

  async tails(runIds: readonly RunId[], mostEvents: number): Promise<(RunTail | null)[]> {
    return this.#patience.repeat(() => readTails(this.#pool, this.#s, runIds, mostEvents, this.#place));
  }

  /** `marked`: whoever ends it knows that somebody waits for that, or it has ended. */
  async expectEnd(runId: RunId): Promise<{ readonly marked: boolean; readonly row: RunRow | null }> {
    const [found] = await this.#rows<{ marked: boolean; row: RunRecord }>(`SELECT marked, "row" FROM ${this.#s}.expect_end($1)`, [
      toKept(runId),
    ]);
    return found === undefined ? { marked: true, row: null } : { marked: found.marked, row: toRunRow(found.row) };
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

  /** The kinds of which a claim with these options takes runs, and on what terms: as three lists, as the functions take them. */
  async offers(options: WakeOptions, nowMs: number): Promise<Offers> {
    const names = options.workflows === undefined ? null : new Set(options.workflows.map(toKept));
    const rows = await this.#rows<KindRecord>(`SELECT kind, workflow, version, queue, placement FROM ${this.#s}.kind`);
    const named = rows.filter(
      ({ workflow, version }) => names === null || names.has(version === null ? workflow : `${workflow}@${version}`),
    );
    const demands = named.map((row) => ({ kind: row.kind, queue: fromKept(row.queue), placement: this.#placement(row.placement) }));
    const preferred = [...new Set(demands.flatMap(({ placement }) => placement?.nodes?.prefer ?? []))];
    const living = preferred.length === 0 ? null : await this.#living(preferred, nowMs);
    const offers: Offers = { kinds: [], delays: [], most: [] };
    for (const { kind, queue, placement } of demands) {
      const terms = claimTerms(queue, placement, options, (node) => living?.has(node) === true);
      if (terms === null) continue;
      offers.kinds.push(kind);
      offers.delays.push(terms.delayMs);
      offers.most.push(terms.most);
    }
    return offers;
  }

  async #living(names: readonly string[], nowMs: number): Promise<ReadonlySet<string>> {
    const rows = await this.#rows<{ name: string }>(
      `SELECT DISTINCT split_part(name, '${nameMark}', 1) AS name FROM ${this.#s}.node WHERE split_part(name, '${nameMark}', 1) = ANY ($1) AND until >= $2`,
      [names.map(toKept), nowMs],
    );
    return new Set(rows.map(({ name }) => fromKept(name)));
  }

  /** Placements are texts that never change: each is read once. */
  #placement(text: string | null): Placement | null {
    let placement = this.#placements.get(text);
    if (placement === undefined) this.#placements.set(text, (placement = readPlacement(fromKeptOrNull(text))));
    return placement;
  }

  async #rows<T extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    named: { readonly name: string } | null = null,
  ): Promise<T[]> {
    return (await this.#patience.repeat(() => this.#pool.query<T>({ ...named, text, values: [...values] }))).rows;
  }
}
