import {
  type ClaimOptions,
  type Clock,
  type CommitBatch,
  type CommitVerdict,
  HeddleError,
  type ImportVerdict,
  type ListOptions,
  type NodeRow,
  type RunId,
  type RunRow,
  type RunStatus,
  type RunStore,
  type RunTail,
  type StoredEvent,
  type StoredMessage,
  type StoreFeatures,
  type StoreHint,
  type StoreMove,
  type WakeOptions,
  type WholeRun,
} from "@heddle/kernel";
import pg from "pg";
import { type Address, parseAddress } from "./address.ts";
import { CarefulCommit } from "./careful-commit.ts";
import { checksum } from "./checksum.ts";
import { CommitCall, type CommitAnswer } from "./commit-call.ts";
import { commitWithin } from "./commit-within.ts";
import { lookAt } from "./backends.ts";
import { type Connected, connect, reconnect } from "./connect.ts";
import { hangUp } from "./connection.ts";
import { EndWord } from "./end-word.ts";
import { faultOf, stateOf } from "./fault.ts";
import { importRuns } from "./import-runs.ts";
import { identify, type StoreIdentity } from "./store-identity.ts";
import { joinCluster } from "./join-cluster.ts";
import { KnownRuns } from "./known-runs.ts";
import { Listener } from "./listener.ts";
import { migrate, quoted } from "./migrate.ts";
import { Patience } from "./patience.ts";
import { toRefusal } from "./refusal.ts";
import { hintFor, RunHints } from "./run-hints.ts";
import { type RunRecord, statusNumber, toRunRow } from "./run-row.ts";
import { monotonicMs, ServerClock, serverNow } from "./server-clock.ts";
import { StoreReads } from "./store-reads.ts";
import { toKept, toKeptOrNull } from "./text.ts";
import { WriteLine } from "./write-line.ts";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?schema=heddle`. */
  readonly url: string;
  /** Most connections for reading. Default 4. One more writes, and one listens. */
  readonly readers?: number;
  /**
   * A connection that has given no answer for so long is looked after, in milliseconds; when it is found to be dead it is replaced. Default 5,000. Shorter
   * finds a cut road sooner, and asks more often.
   */
  readonly silenceMs?: number;
  /** The store's time. Default: the server's, which all nodes share. */
  readonly clock?: Pick<Clock, "nowMs">;
}

/** A node that was dead for longer learns no more of it: 30 days. */
const rememberDeadMs = 30 * 24 * 3_600_000;
/** What a node that left said of itself: one day. */
const rememberLeftMs = 24 * 3_600_000;

const features: StoreFeatures = { durability: "machine", transactions: true, shared: true };

/** After a sweep the journal's parts are looked after in so many steps at most, each a transaction that moves about so many events. */
const mostSteps = 50;
const movedAtOnce = 2_000;

/** A read whose answer has not come after so many times of a silence is given up, and asked again. */
const readSilences = 6;

/** What somebody else had in his hands is asked for again so much later. */
const againMs = 50;

/** The journal that runs are known from was put away, and another stands in its place. */
const otherJournal = "HD003";

/**
 * Open a store in a schema of a PostgreSQL database, which is made where it is not there yet.
 *
 * @throws HeddleError `STORE_URL_INVALID`, `STORE_UNAVAILABLE`, `STORE_REFUSED`, `STORE_UNSUPPORTED`, `STORE_READ_ONLY`, `STORE_NOT_A_STORE`,
 *   `STORE_OTHER_CLUSTER`, `STORE_NEWER`, `STORE_FAILED`
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<RunStore> {
  const address = parseAddress(options.url);
  const connected = await connect(address);
  const { client } = connected;
  try {
    client.ref();
    await migrate(client, address.schema, address.place);
    await joinCluster(client, address);
    const time = new ServerClock();
    await time.ask(client);
    const store = new PostgresStore(address, await identify(client, address), connected, time, options);
    client.unref();
    return store;
  } catch (error) {
    await hangUp(client);
    throw toRefusal(error, address.place);
  }
}

class PostgresStore implements RunStore {
  readonly features: StoreFeatures = features;
  readonly clock?: Pick<Clock, "nowMs">;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #time: ServerClock;
  readonly #s: string;
  readonly #address: Address;
  readonly #prepares: boolean;
  readonly #pool: pg.Pool;
  readonly #patience: Patience;
  readonly #reads: StoreReads;
  readonly #known: KnownRuns = new KnownRuns();
  /** By node: the tenant after whom its next claim goes on, as the server keeps it. */
  readonly #servedLast = new Map<string, string>();
  readonly #line: WriteLine;
  readonly #hints: RunHints = new RunHints();
  readonly #listener: Listener;
  #identity: StoreIdentity;
  readonly #endWord: EndWord;
  #closed: Promise<void> | null = null;

  constructor(
    address: Address,
    identity: StoreIdentity,
    first: Connected,
    time: ServerClock,
    { readers = 4, silenceMs = 5_000, clock }: PostgresStoreOptions,
  ) {
    this.#clock = clock ?? time;
    if (clock === undefined) this.clock = time;
    this.#time = time;
    this.#s = quoted(address.schema);
    this.#address = address;
    this.#identity = identity;
    // Behind a pooler what was prepared is gone with the next transaction.
    this.#prepares = first.backend !== null;
    this.#pool = new pg.Pool({ ...address.config, max: readers, allowExitOnIdle: true, query_timeout: readSilences * silenceMs });
    // A connection that breaks while nobody uses it is replaced when somebody does.
    this.#pool.on("error", () => {});
    this.#patience = new Patience(address.place);
    this.#reads = new StoreReads(this.#pool, this.#s, address.place, this.#patience, this.#prepares);
    this.#line = new WriteLine({
      first,
      connect: () => reconnect(address, (client) => this.#checkSame(client)),
      place: address.place,
      lost: () => this.#known.forgetAll(),
      look: (backend) => lookAt(this.#pool, backend, silenceMs),
      silenceMs,
    });
    this.#endWord = new EndWord(this.#pool, address.schema);
    this.#listener = new Listener({
      connect: async () => (this.#prepares ? connect(address) : null),
      schema: address.schema,
      hints: this.#hints,
      silenceMs,
    });
  }

  /** After a connection was lost another store may stand at the address, or a newer one. */
  async #checkSame(client: pg.Client): Promise<void> {
    const { place, schema } = this.#address;
    const now = await identify(client, this.#address);
    if (now.id !== this.#identity.id) {
      const message = `Another store stands at ${place} than the one that was opened there: open it again.`;
      throw new HeddleError("STORE_FAILED", message, { data: { place, schema } });
    }
    this.#identity = now;
    await this.#time.ask(client);
  }

  commit(batch: CommitBatch): Promise<CommitVerdict> {
    return this.#write(async (client) => {
      const verdict = await this.#commit(client, batch);
      this.#hints.giveBatch(batch, verdict);
      return verdict;
    });
  }

  async #commit(client: pg.Client, batch: CommitBatch): Promise<CommitVerdict> {
    const nowMs = this.#clock.nowMs();
    const hint = hintFor(batch);
    const careful = new CarefulCommit(client, this.#s, batch, this.#known, nowMs, hint);
    const piecewise = async (): Promise<CommitVerdict> => {
      const verdict = await careful.run();
      this.#endWord.give(careful.awaited);
      return verdict;
    };
    if (batch.parts?.some(({ statements }) => statements !== undefined && statements.length > 0) === true) return piecewise();
    const call = new CommitCall(batch, this.#known);
    let answer: CommitAnswer | null;
    try {
      const { rows } = await client.query<{ answer: CommitAnswer | null }>({
        ...this.#named("commit"),
        text: `SELECT ${this.#s}.commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) AS answer`,
        values: call.parameters(nowMs, this.#identity.journalFile, hint),
      });
      answer = rows[0]?.answer ?? null;
    } catch (error) {
      if (faultOf(error) !== "ordinary") throw error;
      // Something in it cannot be kept. Which part that is, is found out one by one.
      this.#known.forgetAll();
      if (stateOf(error) === otherJournal) this.#identity = await identify(client, this.#address);
      return piecewise();
    }
    this.#endWord.give(call.awaited(answer));
    if (CommitCall.placeFree(answer)) this.#hints.give(null, "work");
    return call.verdict(answer);
  }

  async commitWithin(transaction: unknown, batch: Pick<CommitBatch, "creates" | "messages">): Promise<CommitVerdict> {
    this.#checkOpen();
    return commitWithin(transaction, { s: this.#s, place: this.#address.place, storeId: this.#identity.id }, batch, this.#clock.nowMs());
  }

  async claim(options: ClaimOptions): Promise<readonly RunRow[]> {
    this.#checkOpen();
    const { node, limit, nowMs } = options;
    const { kinds, delays, most } = await this.#reads.offers(options, nowMs);
    if (kinds.length === 0) return [];
    return this.#write(async (client) => {
      const before = delays.map((delayMs) => nowMs - delayMs);
      const { rows } = await client.query<{ row: RunRecord; seq: number; after: null } | { row: null; after: string }>({
        ...this.#named("claim"),
        text: `SELECT "row", seq, after FROM ${this.#s}.claim($1, $2, $3, $4, $5, $6, $7) ORDER BY place`,
        values: [toKept(node), limit, nowMs, kinds, before, most, this.#servedLast.get(node) ?? ""],
      });
      return rows.flatMap((each) => {
        if (each.row === null) {
          this.#servedLast.set(node, each.after);
          return [];
        }
        const { row, seq } = each;
        const claimed = toRunRow(row);
        const limited = row.limit_key !== null;
        this.#known.claimed(claimed.runId, { run: row.run, node: row.node!, epoch: row.epoch, limited, seq }, node);
        return [claimed];
      });
    });
  }

  heartbeat(node: string, untilMs: number, nowMs: number): Promise<boolean> {
    return this.#repeat(async (client) => {
      const sentAtMs = monotonicMs();
      const { rows } = await client.query<{ alive: boolean; now_ms: number }>({
        ...this.#named("heartbeat"),
        text: `SELECT ${this.#s}.heartbeat($1, n.now + $2, n.now) AS alive, ${serverNow} AS now_ms FROM (SELECT coalesce($3, ${serverNow}) AS now) n`,
        values: [toKept(node), untilMs - nowMs, this.#given(nowMs)],
      });
      this.#time.heard(rows[0]!.now_ms, sentAtMs, monotonicMs());
      return rows[0]!.alive;
    });
  }

  async reapDeadNodes(nowMs: number): Promise<number> {
    const freed = await this.#repeat(async (client) => {
      const { rows } = await client.query<{ freed: number }>({
        ...this.#named("reap"),
        text: `SELECT ${this.#s}.reap(n.now, n.now - $2, n.now - $3) AS freed FROM (SELECT coalesce($1, ${serverNow}) AS now) n`,
        values: [this.#given(nowMs), rememberDeadMs, rememberLeftMs],
      });
      return rows[0]!.freed;
    });
    if (freed > 0) this.#hints.give(null, "work");
    return freed;
  }

  takeDuty(duty: string, node: string, untilMs: number, nowMs: number): Promise<boolean> {
    return this.#repeat(async (client) => {
      const { rows } = await client.query<{ taken: boolean }>({
        ...this.#named("take_duty"),
        text: `SELECT ${this.#s}.take_duty($1, $2, n.now + $3, n.now) AS taken FROM (SELECT coalesce($4, ${serverNow}) AS now) n`,
        values: [toKept(duty), toKept(node), untilMs - nowMs, this.#given(nowMs)],
      });
      return rows[0]!.taken;
    });
  }

  async leave(node: string, nowMs: number): Promise<void> {
    await this.#ask("leave", [toKept(node), nowMs]);
    this.#hints.give(null, "work");
  }

  async describeNode(node: string, info: string): Promise<void> {
    await this.#ask("describe_node", [toKept(node), toKept(info)]);
  }

  async nodes(): Promise<readonly NodeRow[]> {
    this.#checkOpen();
    return this.#reads.nodes();
  }

  async nextWakeMs(options: WakeOptions = {}): Promise<number | null> {
    this.#checkOpen();
    return this.#reads.nextWakeMs(options, options.nowMs ?? this.#clock.nowMs());
  }

  async readJournal(runId: RunId, afterSeq: number, limit: number = Number.MAX_SAFE_INTEGER): Promise<readonly StoredEvent[]> {
    this.#checkOpen();
    return this.#reads.journal(runId, afterSeq, limit);
  }

  async readLast(runId: RunId, count: number): Promise<readonly StoredEvent[]> {
    this.#checkOpen();
    return this.#reads.last(runId, count);
  }

  async ownedWithMail(node: string): Promise<readonly RunId[]> {
    this.#checkOpen();
    return this.#reads.ownedWithMail(node);
  }

  async readMail(runId: RunId): Promise<readonly StoredMessage[]> {
    this.#checkOpen();
    return this.#reads.mail(runId);
  }

  async readSnapshot(runId: RunId, beforeSeq?: number): Promise<{ readonly seq: number; readonly body: string } | null> {
    this.#checkOpen();
    return this.#reads.snapshot(runId, beforeSeq);
  }

  async readTails(runIds: readonly RunId[], mostEvents: number): Promise<readonly (RunTail | null)[]> {
    this.#checkOpen();
    return this.#reads.tails(runIds, mostEvents);
  }

  async get(runId: RunId): Promise<RunRow | null> {
    this.#checkOpen();
    return this.#reads.get(runId);
  }

  async expectEnd(runId: RunId): Promise<RunRow | null> {
    this.#checkOpen();
    const { marked, row } = await this.#reads.expectEnd(runId);
    if (!marked) setTimeout(() => this.#hints.give(runId, "grown"), againMs).unref();
    return row;
  }

  async list(options: ListOptions): Promise<readonly RunRow[]> {
    this.#checkOpen();
    return this.#reads.list(options);
  }

  async setStatus(
    runId: RunId,
    from: readonly RunStatus[],
    to: Exclude<RunStatus, "running">,
    wakeAtMs: number | null,
    note: string | null,
  ): Promise<boolean> {
    const values = [toKept(runId), from.map(statusNumber), statusNumber(to), wakeAtMs, toKeptOrNull(note), this.#clock.nowMs()];
    const { answer, again } = await this.#askAgain<boolean>("set_status", values);
    // Its answer was lost, and it was done: then it is done.
    const moved = answer || (again && (await this.#reads.get(runId))?.status === to);
    if (moved) this.#hints.give(runId, "work");
    return moved;
  }

  async delete(runId: RunId): Promise<boolean> {
    this.#known.forget(runId);
    const { answer, again } = await this.#askAgain<boolean>("delete_run", [toKept(runId)]);
    const removed = answer || (again && (await this.#reads.get(runId)) === null);
    // It may have stood before others in the queue of its limit.
    if (removed) this.#hints.give(null, "work");
    return removed;
  }

  async compact(runId: RunId, throughSeq: number): Promise<void> {
    this.#checkOpen();
    const snapshot = await this.#reads.snapshot(runId);
    if (snapshot === null) return;
    await this.#repeat((client) => client.query(`SELECT ${this.#s}.compact($1, $2)`, [toKept(runId), Math.min(throughSeq, snapshot.seq)]));
  }

  async sweep(beforeMs: number, limit: number): Promise<number> {
    const removed = await this.#ask<number>("sweep", [beforeMs, Math.min(limit, 2 ** 31 - 1)]);
    if (removed < limit) await this.#giveSpaceBack(beforeMs);
    return removed;
  }

  /** Of runs that were removed; steps that are left are done after the next sweep. */
  async #giveSpaceBack(beforeMs: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const turnMs = Math.max(0, Math.ceil((nowMs - beforeMs) / 2));
    for (let step = 0; step < mostSteps; step++) if (!(await this.#ask<boolean>("turn_journal", [nowMs, turnMs, movedAtOnce]))) return;
  }

  async putBlob(hash: string, body: string): Promise<void> {
    await this.#repeat((client) =>
      client.query(`INSERT INTO ${this.#s}.blob (hash, crc, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
        toKept(hash),
        checksum(hash, 0, 0, body),
        toKept(body),
      ]),
    );
  }

  async getBlob(hash: string): Promise<string | null> {
    this.#checkOpen();
    return this.#reads.blob(hash);
  }

  async listBlobs(after: string | null, limit: number): Promise<readonly string[]> {
    this.#checkOpen();
    return this.#reads.blobs(after, limit);
  }

  async exportRun(runId: RunId): Promise<WholeRun | null> {
    this.#checkOpen();
    return this.#reads.whole(runId);
  }

  async importRuns(runs: readonly WholeRun[]): Promise<readonly ImportVerdict[]> {
    const running = runs.find(({ row }) => row.status === "running");
    if (running !== undefined) {
      const { runId, owner } = running.row;
      throw new HeddleError("OPTION_INVALID", `Run ${runId} is run by node ${owner} and cannot be imported: let it be given up first.`, {
        data: { runId, owner },
      });
    }
    for (;;) {
      const verdicts = await this.#write((client) => importRuns(client, this.#s, runs));
      if (verdicts === null) continue;
      this.#hints.give(null, "work");
      return verdicts;
    }
  }

  async findTaken(runs: readonly Pick<RunRow, "runId" | "workflow" | "dedupKey">[]): Promise<readonly (RunRow | null)[]> {
    this.#checkOpen();
    return this.#reads.taken(runs);
  }

  async readMove(): Promise<StoreMove | null> {
    this.#checkOpen();
    return this.#reads.move();
  }

  setMove(move: StoreMove | null): Promise<boolean> {
    return this.#ask<boolean>("set_move", [move?.to ?? null, move === null ? null : move.done]);
  }

  watch(call: (runId: RunId | null, what: StoreHint) => void): Disposable {
    this.#checkOpen();
    const heard = this.#hints.add(call);
    this.#listener.begin();
    return heard;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#hints.clear();
    this.#patience.end();
    // Idle connections keep no process alive: one that has nothing else to do must still see them closed.
    const held = setInterval(() => {}, 60_000);
    try {
      await this.#line.close();
      await this.#listener.close();
      await this.#endWord.settled();
      await this.#pool.end();
    } finally {
      clearInterval(held);
    }
  }

  /**
   * The time at which something about leases is done. Null: the server's at that moment, for a process may be stopped between the time that it looked at the
   * clock and the time that it is heard, and would take the living for dead.
   */
  #given(nowMs: number): number | null {
    return this.clock === undefined ? nowMs : null;
  }

  /** One function of the schema that answers one value, and may be asked twice. */
  async #ask<T>(name: string, values: readonly unknown[]): Promise<T> {
    return (await this.#askAgain<T>(name, values)).answer;
  }

  /** `again`: it was asked more than once, and may have been done the first time. */
  async #askAgain<T>(name: string, values: readonly unknown[]): Promise<{ readonly answer: T; readonly again: boolean }> {
    const places = values.map((_, index) => `$${index + 1}`).join(", ");
    const text = `SELECT ${this.#s}.${name}(${places}) AS answer`;
    let asked = 0;
    return this.#repeat(async (client) => {
      asked++;
      const { rows } = await client.query<{ answer: T }>({ ...this.#named(name), text, values: [...values] });
      return { answer: rows[0]!.answer, again: asked > 1 };
    });
  }

  #named(name: string): { readonly name?: string } {
    return this.#prepares ? { name } : {};
  }

  #repeat<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.#patience.repeat(() => this.#write(run));
  }

  async #write<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
    this.#checkOpen();
    return this.#line.call(run);
  }

  #checkOpen(): void {
    if (this.#closed !== null) throw new HeddleError("ENGINE_CLOSED", "The store is closed.");
  }
}
