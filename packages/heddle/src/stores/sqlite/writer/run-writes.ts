import type { CreateVerdict, MessageVerdict, NewMessage, NewRun, PartVerdict, RunPart } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { dedupText, isClaimable, isEnd, running, statusNumber } from "../run-row.ts";
import { appendEvent } from "../sql/append-event.ts";
import { clearCrashes } from "../sql/clear-crashes.ts";
import { consumeMail, type ConsumeMail } from "../sql/consume-mail.ts";
import { dropSnapshots } from "../sql/drop-snapshots.ts";
import { findRun, type FindRun } from "../sql/find-run.ts";
import { insertRun } from "../sql/insert-run.ts";
import type { RunState } from "../sql/load-run-state.ts";
import { saveSnapshot } from "../sql/save-snapshot.ts";
import type { RunMoves } from "./run-moves.ts";
import type { RunStates } from "./run-states.ts";
import type { StatementRows } from "./user-statements.ts";

/** Runs the user's statements of a part; throws what the failing one threw. */
export type RunStatements = (part: RunPart) => StatementRows;

const stale: PartVerdict = { status: "stale" };
const mail: PartVerdict = { status: "mail" };
const queued = 0;
const waiting = "waiting";

/** New runs, appends and mail, inside the writer's transaction. */
export class RunWrites {
  readonly #states: RunStates;
  readonly #moves: RunMoves;
  readonly #runStatements: RunStatements;
  readonly #append: ReturnType<typeof appendEvent>;
  readonly #insert: ReturnType<typeof insertRun>;
  readonly #saveSnapshot: ReturnType<typeof saveSnapshot>;
  readonly #dropSnapshots: ReturnType<typeof dropSnapshots>;
  readonly #clearCrashes: ReturnType<typeof clearCrashes>;
  readonly #find: FindRun;
  readonly #consume: ConsumeMail;

  constructor(connection: Connection, states: RunStates, moves: RunMoves, runStatements: RunStatements) {
    this.#states = states;
    this.#moves = moves;
    this.#runStatements = runStatements;
    this.#append = appendEvent(connection);
    this.#insert = insertRun(connection);
    this.#saveSnapshot = saveSnapshot(connection);
    this.#dropSnapshots = dropSnapshots(connection);
    this.#clearCrashes = clearCrashes(connection);
    this.#find = findRun(connection);
    this.#consume = consumeMail(connection);
  }

  create(made: NewRun): CreateVerdict {
    const { row } = made;
    const claimed = made.claimFor !== undefined && this.#hasPlace(row) && this.#states.node(made.claimFor).died_at === null;
    const owner = claimed ? this.#states.node(made.claimFor).node : null;
    const kind = this.#states.kindOf(row);
    const status = claimed ? running : queued;
    const wakeAtMs = claimed ? null : row.wakeAtMs;
    const held = claimed ? null : this.#heldFor(row, kind);
    const run = this.#insert({ row, kind, status, epoch: claimed ? 1 : 0, owner, wakeAtMs, held });
    if (run === null) {
      const there = this.#find.byId(row.runId) ?? this.#find.byDedup(dedupText(row.workflow, row.dedupKey ?? ""));
      return { status: "exists", row: there! };
    }
    if (claimed) this.#moves.rates.beganNew(row);
    let seq = 0;
    for (const event of made.events) this.#append(run, ++seq, row.createdAtMs, event);
    if (claimed)
      this.#states.keep({
        run,
        runId: row.runId,
        limitKey: row.limitKey,
        tenant: row.tenant ?? "",
        rateKey: row.rateKey,
        dueAtMs: null,
        kind,
        status,
        epoch: 1,
        seq,
        base: 0,
        hasSnapshot: false,
        crashes: 0,
        mailSeq: 0,
        mailSeen: 0,
        wakeAtMs,
      });
    return { status: "created", claimed };
  }

  append(part: RunPart): PartVerdict {
    const state = this.#states.find(part.runId);
    if (state === null || state.status !== running || state.epoch !== part.epoch) return stale;
    if (part.expectedSeq === null ? part.events.length > 0 : part.expectedSeq !== state.seq) return stale;
    const mailSeen = Math.max(state.mailSeen, Math.min(part.mailSeen ?? 0, state.mailSeq));
    if (part.release?.status === waiting && (state.mailSeq > mailSeen || part.messages?.some((message) => message.runId === part.runId)))
      return mail;

    const rows = part.statements === undefined || part.statements.length === 0 ? undefined : this.#runStatements(part);
    const endsWhole = part.release !== undefined && isEnd(statusNumber(part.release.status)) && state.base === 0;
    // First, so that the events find its pages free.
    if (endsWhole && state.hasSnapshot) this.#dropSnapshots(state.run);
    for (const event of part.events) this.#append(state.run, ++state.seq, part.atMs, event);
    if (part.progress === true && state.crashes > 0) {
      state.crashes = 0;
      this.#clearCrashes(state.run);
    }
    if (part.snapshot !== undefined && !endsWhole) {
      this.#saveSnapshot(state.run, state.seq, part.snapshot.body);
      state.hasSnapshot = true;
    }
    if (mailSeen > state.mailSeen) {
      state.mailSeen = mailSeen;
      this.#consume.remove(state.run, mailSeen);
      // A release notes it too, but comes after the children: one of them may be this run, whose row is then the answer.
      if (part.release === undefined || part.children !== undefined) this.#consume.note(state.run, mailSeen);
    }
    const children = part.children?.map((child) => this.create(child));
    const messages = part.messages?.map((message) => this.keep(message));
    if (part.release !== undefined) this.#release(state, part.release, part.atMs);
    if (rows === undefined && children === undefined && messages === undefined) return { status: "ok", seq: state.seq };
    return {
      status: "ok",
      seq: state.seq,
      ...(rows !== undefined && { rows }),
      ...(children !== undefined && { children }),
      ...(messages !== undefined && { messages }),
    };
  }

  keep(message: NewMessage): MessageVerdict {
    const state = this.#states.find(message.runId);
    if (state === null) return { status: "unknown" };
    if (isEnd(state.status)) return { status: this.#moves.mail.knows(state.run, message.id) ? "duplicate" : "ended" };
    if (!this.#moves.mail.rememberId(state.run, message.id)) return { status: "duplicate" };
    state.mailSeq++;
    // Not later than now, so that a sender whose clock is ahead does not delay the run.
    if (isClaimable(state.status)) state.wakeAtMs = Math.min(state.wakeAtMs ?? Number.POSITIVE_INFINITY, message.atMs, this.#moves.nowMs);
    this.#moves.mail.keep(state.run, state.mailSeq, message, state.wakeAtMs);
    return { status: "kept" };
  }

  #release(state: RunState, release: NonNullable<RunPart["release"]>, atMs: number): void {
    const { version, dead, note } = release;
    this.#moves.move(state, {
      status: statusNumber(release.status),
      wakeAtMs: release.wakeAtMs,
      atMs,
      dead: dead ?? null,
      note: note ?? null,
      ...(version !== undefined && { kind: this.#states.otherVersion(state.kind, version) }),
    });
  }

  /** May it be claimed as it is made? */
  #hasPlace(row: NewRun["row"]): boolean {
    const { limitKey, limitMax } = row;
    if (limitKey !== null && (this.#moves.places.taken(limitKey) >= limitMax! || this.#moves.places.anyQueued(limitKey))) return false;
    return this.#moves.rates.mayBeginNew(row);
  }

  /** Due, but its limit is full, or another run waits for the rate before it: then claims need not meet it at all. */
  #heldFor(row: NewRun["row"], kind: number): 1 | 2 | null {
    const { limitKey, limitMax, rateKey, wakeAtMs, createdAtMs } = row;
    if (wakeAtMs === null || wakeAtMs > createdAtMs) return null;
    if (rateKey !== null) return this.#moves.rates.standsBehind(row, kind) ? 2 : null;
    return limitKey !== null && this.#moves.places.taken(limitKey) >= limitMax! ? 1 : null;
  }
}
