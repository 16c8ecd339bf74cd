import { encodeError, HeddleError, type StartTask } from "@heddle/kernel";
import { isToldToCancel, openActivations, openOperations } from "@heddle/kernel/internal";
import type { DueEntry } from "../due-times.ts";
import type { FrameHistory, HistoryReader } from "../frame/history.ts";
import { deathsToBlame, poisoned } from "../frame/poisoned.ts";
import { TaskFrame } from "../frame/task-frame.ts";
import type { OwnedRun } from "../owned-run.ts";
import { SparseMap } from "../sparse-map.ts";
import { stopId } from "./interrupts.ts";
import type { TaskEntry } from "../task-table.ts";

/** Claims after a crash without any completion in between, after which the code itself, and not only its steps, is begun alone: it may die between them. */
const aloneAfter = 5;

/** Begins the code of tasks that were commanded to start, each when its time has come and its code may be trusted. */
export class TaskStarts {
  readonly #run: OwnedRun;
  /** Further attempts that wait for their time, and what wakes them; null: it has come, and they stand in line or are given their history. */
  readonly #waiting = new SparseMap<number, { readonly command: StartTask; readonly atMs: number; due: DueEntry | null }>();
  #history: ReadonlyMap<number, HistoryReader> | null = null;
  #historyReads = 0;

  constructor(run: OwnedRun) {
    this.#run = run;
  }

  /** Further attempts are about to begin. Until then nothing is taken from the mailbox that they would not be given. */
  get waitForHistory(): boolean {
    return this.#historyReads > 0;
  }

  /** Epoch milliseconds. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#waiting.values()) if (due !== null) next = Math.min(next, due.dueAtMs);
    return next;
  }

  /** What is started by `call` is given what it recorded before. */
  withHistory(readers: ReadonlyMap<number, HistoryReader>, call: () => void): void {
    this.#history = readers;
    call();
    this.#history = null;
  }

  /** @param atMs time of the event that made it due */
  start(command: StartTask, atMs: number): void {
    const run = this.#run;
    if (run.holding) {
      // Not any more. If nothing else is under way, the run can be given up now.
      run.touch();
      return;
    }
    if (run.journaled.isHeld(command.no) || this.#isToStop(command, atMs)) {
      run.touch();
      return;
    }
    if (command.notBeforeMs !== undefined && command.notBeforeMs > run.stampMs()) {
      run.dispatch?.waitForAttempt(command);
      this.#waiting.set(command.no, { command, atMs, due: this.#dueAt(command, command.notBeforeMs) });
      return;
    }
    const entry = run.journaled.entryOf(command);
    if (entry === undefined) {
      run.pause("HANDLER_UNKNOWN", `No code is registered for task "${command.task}" of "${run.workflow}".`);
      return;
    }
    const history = this.#history === null ? null : (this.#history.get(command.no)?.history() ?? null);
    if (run.dispatch === null && command.attempt > 1 && history === null) {
      // Its time has come already. What the attempts before it recorded is in the journal.
      this.#waiting.set(command.no, { command, atMs, due: null });
      this.#retry(command);
      return;
    }
    if (run.dispatch !== null && history?.hasBegun !== true) {
      this.#hold(command, entry, history, atMs);
      return;
    }
    run.dispatch?.goOn(command);
    this.#beginTrusted(command, entry, history, atMs);
  }

  /** A run stops before it, and nobody was asked yet: it became due otherwise than by the end of a round, as when an ended run is taken up again. */
  #isToStop({ task, no, attempt }: StartTask, atMs: number): boolean {
    const run = this.#run;
    const called = run.definition.interrupts?.before.get(task);
    if (called === undefined || attempt > 1 || run.facts.released.includes(no)) return false;
    if (this.#history?.get(no)?.history()?.didNothing === false) return false;
    run.record({ type: "tasks-held", atMs, id: stopId(run.facts, called, "before"), when: "before", called, nos: [no] });
    return true;
  }

  /** What has not begun waits for its turn. */
  #hold(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    const { dispatch, journaled, state } = this.#run;
    if (isToldToCancel(state, command.no)) {
      this.#endCancelled(command);
      return;
    }
    if (command.attempt > 1) {
      // What the attempts before it recorded, and what comes in between, is read when its turn comes.
      this.#waiting.set(command.no, { command, atMs, due: null });
      dispatch?.stand(command, () => this.#retry(command));
      return;
    }
    // What it is given is what the state holds now, whoever goes first.
    journaled.keep(command.no, { given: journaled.givenTo(command, entry.source), startedAtMs: journaled.startTimeOf(command.no) ?? atMs });
    dispatch?.stand(command, () => this.#beginTrusted(command, entry, history, atMs));
  }

  #beginTrusted(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    if (entry.once) this.#beginOnce(command, entry, history, atMs);
    else if (this.#run.line === null) this.#begin(command, entry, history, atMs);
    else this.#beginSuspect(command, entry, history, atMs);
  }

  /** Cancelled before its time came. Nothing happens if it acts, or has ended meanwhile. */
  cancel(no: number): void {
    const waiting = this.#waiting.get(no);
    const command =
      this.#run.dispatch?.leave(no) ??
      waiting?.command ??
      (this.#run.journaled.isHeld(no) ? openActivations(this.#run.state).find((each) => each.no === no) : undefined);
    if (command === undefined) return;
    if (waiting !== undefined) {
      if (waiting.due !== null) waiting.due.fire = null;
      this.#waiting.delete(no);
    }
    this.#endCancelled(command);
  }

  #endCancelled({ no, task }: { readonly no: number; readonly task: string }): void {
    this.#leaveChildren(no);
    this.#run.record({ type: "task-ended", atMs: this.#run.stampMs(), no, task, outcome: { status: "cancelled" } });
  }

  /** Set all times anew: some may have fired in vain while the run was on its way to being parked. */
  rearm(): void {
    for (const waiting of this.#waiting.values()) if (waiting.due !== null) waiting.due = this.#dueAt(waiting.command, waiting.due.dueAtMs);
  }

  disarm(): void {
    if (this.#waiting.size === 0) return;
    for (const { due } of this.#waiting.values()) if (due !== null) due.fire = null;
  }

  /** Its start is recorded first. What was under way when its process let go of it is never begun again: whether it happened is not known. */
  #beginOnce(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    const run = this.#run;
    const { no, task } = command;
    if (history?.start === "over") {
      this.#leaveChildren(no);
      const error = new HeddleError(
        "TASK_OUTCOME_UNKNOWN",
        `Task "${task}" of run ${run.runId} was under way when its process died, and it may run at most once: look at the other side whether it happened.`,
        { data: { task } },
      );
      run.record({ type: "task-ended", atMs: run.stampMs(), no, task, outcome: { status: "unknown", error: encodeError(error) } });
      return;
    }
    if (history?.start === "waits") {
      // It was put down while it waited, and goes on from there.
      this.#begin(command, entry, history, atMs);
      return;
    }
    if (run.line !== null) this.#beginAlone(command, entry, history, atMs);
    else run.record({ type: "task-started", atMs: run.stampMs(), no, task }, () => this.#begun(command, entry, history, atMs));
  }

  /** The record of its start is durable. */
  #begun(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    const run = this.#run;
    const { no, task } = command;
    if (isToldToCancel(run.state, no)) {
      this.#leaveChildren(no);
      run.record({ type: "task-ended", atMs: run.stampMs(), no, task, outcome: { status: "cancelled" } });
    }
    // Also when the run is to be given up: a recorded start that was none could never be told from one that was.
    // What came until now is in the journal, and is given to it too.
    else if (history === null) this.#begin(command, entry, null, atMs);
    else this.#readHistory(no, (now) => this.#begin(command, entry, now, atMs));
  }

  /** After crashes: the start is recorded, and the only one under way. */
  #beginSuspect(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    const run = this.#run;
    // Code that dies by itself, outside of steps, is known by its recorded start.
    if (run.poisonous && history !== null && history.deathsAlone >= deathsToBlame) {
      this.#leaveChildren(command.no);
      run.record({
        type: "task-ended",
        atMs: run.stampMs(),
        no: command.no,
        task: command.task,
        outcome: { status: "failed", error: { ...encodeError(poisoned(`Task "${command.task}"`, run.runId)), final: true } },
      });
      return;
    }
    if (history !== null && !history.didNothing && run.crashes < aloneAfter) {
      this.#begin(command, entry, history, atMs);
      return;
    }
    this.#beginAlone(command, entry, history, atMs);
  }

  #beginAlone(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    const run = this.#run;
    run.line?.join(() => {
      run.record({ type: "task-started", atMs: run.stampMs(), no: command.no, task: command.task }, () => {
        run.line?.hold(command.no);
        if (history === null) this.#begin(command, entry, null, atMs);
        // What came while it stood in line is in the journal, and is given to it too.
        else this.#readHistory(command.no, (now) => this.#begin(command, entry, now, atMs));
      });
    });
  }

  /** An activation ends while none of its code is there: what it has started follows its policy all the same. */
  #leaveChildren(no: number): void {
    for (const { child } of openOperations(this.#run.state, no))
      if (child !== undefined && child.close !== "detach") this.#run.cancelChild(child.runId);
  }

  #begin(command: StartTask, entry: TaskEntry, history: FrameHistory | null, atMs: number): void {
    const { journaled, frames, definition, dispatch } = this.#run;
    const given = journaled.givenTo(command, entry.source);
    const frame = new TaskFrame(this.#run, command, entry, given, journaled.startTimeOf(command.no) ?? atMs);
    frames.add(frame);
    if (definition.tellsStarts && dispatch === null && this.#run.watched) this.#tellStart(command, history);
    frame.begin(journaled.inputOf(command, entry.source, given), history);
  }

  /** Where a dispatch never holds back, a task starts when it is ready. */
  #tellStart({ task, no }: StartTask, history: FrameHistory | null): void {
    if (history?.hasBegun !== true) this.#run.live({ type: "ready", key: task, no });
    this.#run.live({ type: "started", key: task, no });
  }

  #dueAt(command: StartTask, dueAtMs: number): DueEntry {
    return this.#run.host.due.add(dueAtMs, () => {
      if (!this.#run.releasing) this.#attemptDue(command);
    });
  }

  #attemptDue(command: StartTask): void {
    const { dispatch } = this.#run;
    const waiting = this.#waiting.get(command.no);
    if (dispatch === null || waiting === undefined) {
      this.#retry(command);
      return;
    }
    waiting.due = null;
    dispatch.stand(command, () => this.#retry(command));
    dispatch.release();
  }

  /** A further attempt of a function gets back what the attempts before it recorded, and what came in between. */
  #retry(command: StartTask): void {
    const run = this.#run;
    this.#readHistory(command.no, (history) => {
      const waiting = this.#waiting.get(command.no);
      if (waiting === undefined) return;
      this.#waiting.delete(command.no);
      const { notBeforeMs: _, ...due } = command;
      const entry = run.journaled.entryOf(command);
      if (entry === undefined) return;
      if (entry.once) this.#beginOnce(due, entry, history, waiting.atMs);
      else this.#begin(due, entry, history, waiting.atMs);
    });
  }

  #readHistory(no: number, call: (history: FrameHistory) => void): void {
    const run = this.#run;
    this.#historyReads++;
    run
      .durably()
      .then(() => run.host.history(run, no))
      .then(
        (history) => {
          this.#historyReads--;
          run.touch();
          if (!run.gone) call(history);
        },
        (error: unknown) => run.lose(error),
      );
  }
}
