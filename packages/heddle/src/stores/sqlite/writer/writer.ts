/**
 * The one place that writes a store's file: on the main thread while the process is young, then in the writer's thread; never in both.
 *
 * 1. A group of calls is one transaction. BEGIN IMMEDIATE comes first, so whatever is read in it stays true until COMMIT.
 * 2. Nothing is answered before COMMIT has returned.
 * 3. What is remembered between transactions is forgotten when another process has written, and when a transaction was undone.
 * 4. After a failure of the disk nothing is believed: every later group is refused.
 * 5. Once the store's runs were moved to another, nothing is written any more, whoever moved them.
 */
import type { CommitBatch, CommitVerdict, ErrorValue, PartVerdict, RunPart } from "@heddle/kernel";
import type { Connection, Row } from "../connection.ts";
import { errorFields } from "../error-fields.ts";
import { faultOf, resultCode, StoreFault } from "../fault.ts";
import { movedText } from "../../moved-text.ts";
import { monotonicMs } from "../monotonic-ms.ts";
import { moves, type Moves } from "../sql/moves.ts";
import { Claims } from "./claims.ts";
import { Housekeeping } from "./housekeeping.ts";
import { Imports } from "./imports.ts";
import { RunMoves } from "./run-moves.ts";
import { RunStates } from "./run-states.ts";
import { RunWrites } from "./run-writes.ts";
import { type StatementRows, UserStatements } from "./user-statements.ts";
import { CallRefused, type GroupAnswer, type WriteAnswer, type WriteCall } from "./write-call.ts";

/** Log frames after which the log is copied into the database: 16 MB. Seldom enough that a page is copied once for many changes. */
const checkpointFrames = 4_000;
/** Between two tries for the lock when SQLite itself does not wait. */
const retryMs = 5;
const foreignKeyViolation = 787;

/** Thrown to undo the transaction and do it again, knowing more. */
class Again extends Error {}

export class Writer {
  readonly #connection: Connection;
  readonly #states: RunStates;
  readonly #moves: RunMoves;
  readonly #runs: RunWrites;
  readonly #claims: Claims;
  readonly #house: Housekeeping;
  readonly #imports: Imports;
  readonly #storeMoves: Moves;
  readonly #statements: UserStatements;
  readonly #begin;
  readonly #commit;
  readonly #version;
  readonly #busyMs: number;
  readonly #schema: number;
  /** Parts of the present group that are known to fail. */
  readonly #failedParts = new Map<RunPart, ErrorValue>();
  /** Something failed that cannot be told apart: put a savepoint around each part. */
  #careful = false;
  #checkForeignKeys = false;
  #lastVersion: number | null = null;
  /** Where the store's runs went; null: it is in use; undefined: to be looked up. */
  #movedTo: string | null | undefined = undefined;
  #failed: StoreFault | null = null;

  /**
   * @param busyMs how long to wait for another process that writes
   * @param schema version of the schema that the file has, and must keep as long as this writes
   */
  constructor(connection: Connection, busyMs: number, schema: number) {
    this.#connection = connection;
    this.#busyMs = busyMs;
    this.#schema = schema;
    this.#states = new RunStates(connection);
    this.#moves = new RunMoves(connection, this.#states);
    this.#statements = new UserStatements(connection);
    this.#runs = new RunWrites(connection, this.#states, this.#moves, (part) => this.#runStatements(part));
    this.#claims = new Claims(connection, this.#states, this.#moves);
    this.#house = new Housekeeping(connection, this.#states, this.#moves);
    this.#imports = new Imports(connection, this.#states);
    this.#storeMoves = moves(connection);
    this.#begin = connection.statement("BEGIN IMMEDIATE");
    this.#commit = connection.statement("COMMIT");
    this.#version = connection.statement("PRAGMA data_version");
  }

  /**
   * Do all calls in one transaction.
   *
   * @throws StoreFault `STORE_UNAVAILABLE` and `STORE_FULL`: nothing was done. `STORE_FAILED`: not known, and nothing will be done any more
   */
  group(calls: readonly WriteCall[], nowMs: number): GroupAnswer {
    if (this.#failed !== null) throw this.#failed;
    this.#moves.nowMs = nowMs;
    try {
      if (calls.every(({ type }) => type === "probe"))
        return { answers: calls.map(() => null), foreign: this.#noticeOthers(), placeFree: false };
      for (;;) {
        try {
          return this.#transaction(calls);
        } catch (error) {
          this.#undo();
          if (!this.#learnFrom(error)) throw this.#giveUp(error);
        }
      }
    } finally {
      this.#failedParts.clear();
      this.#careful = false;
      this.#checkForeignKeys = false;
    }
  }

  /** Copy the log into the database when it has grown enough. To be called when the answers are out. */
  checkpointIfDue(): void {
    const { counters } = this.#connection;
    if (this.#failed !== null || counters.logFrames < checkpointFrames) return;
    counters.checkpoint();
    try {
      const { log, checkpointed } = this.#connection.statement("PRAGMA wal_checkpoint(PASSIVE)").check();
      // A reader may hold a part of it back: try again a little later.
      counters.logFrames = log === checkpointed ? 0 : checkpointFrames * 0.75;
    } catch (error) {
      // The log still holds everything. Without room, or while it is locked, it has to wait; a disk that fails is the end.
      counters.logFrames = checkpointFrames * 0.75;
      const fault = faultOf(error, this.#connection.path);
      if (fault.kind === "failed" || fault.kind === "ordinary") throw this.#giveUp(error);
    }
  }

  #transaction(calls: readonly WriteCall[]): GroupAnswer {
    this.#beginWaiting();
    this.#moves.placeFree = false;
    const changesBefore = this.#connection.changes;
    const pagesBefore = this.#connection.textPages;
    const foreign = this.#noticeOthers();
    const answers = calls.map((call) => (this.#careful ? this.#answerAlone(call) : this.#answer(call)));
    this.#commit.step();
    const changes = this.#connection.changes - changesBefore;
    if (changes > 0) {
      this.#connection.counters.transaction();
      // About: one page for each row, and those of large texts. SQLite knows the log's length only by copying it.
      this.#connection.counters.logFrames += changes + this.#connection.textPages - pagesBefore + 2;
    }
    for (const { type } of calls) if (type === "commit") this.#connection.counters.commit();
    return { answers, foreign, placeFree: this.#moves.placeFree };
  }

  /** The others of the group are done even if this one cannot be. */
  #answerAlone(call: WriteCall): WriteAnswer {
    try {
      return this.#inSavepoint(() => this.#answer(call));
    } catch (error) {
      const fault = faultOf(error, this.#connection.path);
      if (error instanceof Again || fault.kind !== "ordinary" || !this.#connection.inTransaction) throw error;
      this.#states.forgetAll();
      return new CallRefused(errorFields(fault));
    }
  }

  #answer(call: WriteCall): WriteAnswer {
    if (call.type !== "set-move" && call.type !== "probe") {
      if (this.#movedTo === undefined) this.#movedTo = this.#storeMoves.read()?.to ?? null;
      if (this.#movedTo !== null) return new CallRefused(errorFields(this.#moved(this.#movedTo)));
    }
    switch (call.type) {
      case "commit":
        return this.#commitBatch(call.batch);
      case "claim":
        return this.#claims.claim(call.options);
      case "heartbeat":
        return this.#house.heartbeat(call.node, call.untilMs, call.nowMs);
      case "reap":
        return this.#house.reap(call.nowMs);
      case "take-duty":
        return this.#house.takeDuty(call);
      case "leave":
        this.#house.leave(call.node, call.nowMs);
        return null;
      case "describe":
        this.#house.describe(call.node, call.info);
        return null;
      case "set-status":
        return this.#house.setStatus(call);
      case "delete":
        return this.#house.delete(call.runId);
      case "compact":
        this.#house.compact(call.runId, call.throughSeq);
        return null;
      case "sweep":
        return this.#house.sweep(call.beforeMs, call.limit);
      case "put-blob":
        this.#house.putBlob(call.hash, call.body);
        return null;
      case "import":
        return this.#imports.import(call.runs);
      case "set-move":
        if (this.#storeMoves.anyRunning()) return false;
        this.#storeMoves.write(call.move);
        this.#movedTo = call.move?.to ?? null;
        return true;
      case "probe":
        return null;
      default:
        return call satisfies never;
    }
  }

  #commitBatch(batch: CommitBatch): CommitVerdict {
    const creates = (batch.creates ?? []).map((run) => this.#runs.create(run));
    const parts = (batch.parts ?? []).map((part) => this.#part(part));
    return { creates, parts, messages: (batch.messages ?? []).map((message) => this.#runs.keep(message)) };
  }

  #part(part: RunPart): PartVerdict {
    const failed = this.#failedParts.get(part);
    if (failed !== undefined) return { status: "failed", error: failed };
    const hasStatements = part.statements !== undefined && part.statements.length > 0;
    if (!hasStatements && !this.#careful) return this.#runs.append(part);
    try {
      return this.#inSavepoint(() => this.#runs.append(part));
    } catch (error) {
      if (faultOf(error, this.#connection.path).kind !== "ordinary") throw error;
      this.#states.forget(part.runId);
      const value = errorValue(part, error);
      if (this.#connection.inTransaction) return { status: "failed", error: value };
      // The statement took the whole transaction back, as ON CONFLICT ROLLBACK does: leave the part out, and do the rest again.
      this.#failedParts.set(part, value);
      throw new Again();
    }
  }

  #runStatements(part: RunPart): StatementRows {
    if (!this.#checkForeignKeys) return this.#statements.run(part);
    const before = this.#foreignKeyViolations();
    const rows = this.#statements.run(part);
    if (this.#foreignKeyViolations() > before) throw new Error("FOREIGN KEY constraint failed");
    return rows;
  }

  #foreignKeyViolations(): number {
    return this.#connection.statement("SELECT count(*) AS count FROM pragma_foreign_key_check").get<Row & { count: number }>()?.count ?? 0;
  }

  #inSavepoint<T>(work: () => T): T {
    this.#connection.exec("SAVEPOINT part");
    try {
      const result = work();
      this.#connection.exec("RELEASE part");
      return result;
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.exec("ROLLBACK TO part; RELEASE part");
      throw error;
    }
  }

  /** Is there a way to do the group again that avoids this failure? */
  #learnFrom(error: unknown): boolean {
    if (error instanceof Again) return true;
    if (resultCode(error) === foreignKeyViolation && !this.#checkForeignKeys) {
      // Some part left a deferred constraint open, and COMMIT found it: find out which.
      this.#checkForeignKeys = true;
      return true;
    }
    if (this.#careful || faultOf(error, this.#connection.path).kind !== "ordinary") return false;
    this.#careful = true;
    return true;
  }

  #undo(): void {
    this.#states.forgetAll();
    this.#movedTo = undefined;
    try {
      if (this.#connection.inTransaction) this.#connection.exec("ROLLBACK");
    } catch (error) {
      this.#failed = faultOf(error, this.#connection.path);
    }
  }

  #giveUp(error: unknown): StoreFault {
    const fault = faultOf(error, this.#connection.path);
    if (fault.kind === "failed") this.#failed ??= fault;
    return this.#failed ?? fault;
  }

  #beginWaiting(): void {
    const deadlineMs = monotonicMs() + this.#busyMs;
    for (;;) {
      try {
        this.#begin.step();
        return;
      } catch (error) {
        if (faultOf(error, this.#connection.path).kind !== "busy" || monotonicMs() > deadlineMs) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
      }
    }
  }

  /** Whoever else wrote may have been a newer Heddle, which brought the schema up under us: what this one writes would not fit any more. */
  #checkSchema(): void {
    const [version] = Object.values(this.#connection.statement("PRAGMA user_version").check()) as [number];
    if (version === this.#schema) return;
    const { path } = this.#connection;
    const message = `${path} was brought to schema ${version} by a newer Heddle while this process had it open with schema ${this.#schema}. Start this process again with the newer version.`;
    this.#failed ??= new StoreFault("failed", "STORE_NEWER", message, { path, version, newest: this.#schema });
    throw this.#failed;
  }

  #moved(to: string): StoreFault {
    const { path } = this.#connection;
    return new StoreFault("failed", "STORE_MOVED", movedText(path, to), { path, to });
  }

  /** Returns whether another process has written since the last time. */
  #noticeOthers(): boolean {
    const [version] = Object.values(this.#version.check()) as [number];
    if (version === this.#lastVersion) return false;
    this.#checkSchema();
    const foreign = this.#lastVersion !== null;
    this.#lastVersion = version;
    if (foreign) this.#states.forgetAll();
    this.#movedTo = undefined;
    return foreign;
  }
}

/** What SQLite says of a statement that `UserStatements` does not allow. */
const refusedByUs = "not authorized";
const refusedHint =
  ". A statement may not begin or end a transaction, attach a database, set a pragma, or change tables whose names begin with heddle_";

function errorValue(part: RunPart, error: unknown): ErrorValue {
  const cause = error instanceof Error ? error.message : String(error);
  const sql = part.statements?.[0]?.sql ?? "";
  return {
    name: "HeddleError",
    code: "TRANSACTION_FAILED",
    message: `A part of run ${part.runId} could not be committed: ${cause}${cause === refusedByUs ? refusedHint : ""}`,
    data: { runId: part.runId, sql, sqlite: resultCode(error) },
  };
}
