import type { DueEntry } from "../due-times.ts";
import type { OwnedRun } from "../owned-run.ts";
import { SparseMap } from "../sparse-map.ts";

/** The times of a run itself: those that its plan set, its deadline, and the grace of cancelled work. */
export class RunTimers {
  readonly #run: OwnedRun;
  readonly #set = new SparseMap<number, DueEntry>();
  #deadline: DueEntry | null = null;
  #deadlinePassed = false;
  #grace: DueEntry | null = null;

  constructor(run: OwnedRun) {
    this.#run = run;
  }

  /** Epoch milliseconds. */
  get nextDueMs(): number {
    const { deadlineAtMs } = this.#run.facts;
    let next = deadlineAtMs === undefined || this.#deadlinePassed ? Number.POSITIVE_INFINITY : deadlineAtMs;
    for (const { dueAtMs } of this.#set.values()) next = Math.min(next, dueAtMs);
    return next;
  }

  set(no: number, dueAtMs: number): void {
    const run = this.#run;
    const entry = run.host.due.add(dueAtMs, () => {
      if (run.releasing) return;
      this.#set.delete(no);
      run.record({ type: "timer-fired", atMs: run.stampMs(), no });
    });
    this.#set.set(no, entry);
  }

  cancel(no: number): void {
    const entry = this.#set.get(no);
    if (entry !== undefined) entry.fire = null;
    this.#set.delete(no);
  }

  setDeadline(): void {
    const run = this.#run;
    const { deadlineAtMs } = run.facts;
    if (deadlineAtMs === undefined || this.#deadlinePassed) return;
    this.#deadline = run.host.due.add(deadlineAtMs, () => {
      if (run.releasing || run.gone) return;
      this.#deadlinePassed = true;
      run.record({ type: "cancel-requested", atMs: run.stampMs(), reason: "deadline" });
    });
  }

  hasGrace(): void {
    if (this.#grace === null) this.beginGrace();
  }

  /** Cancelled work that does not end within its grace is answered for. Compensation is shielded and goes on. */
  beginGrace(): void {
    const { host, frames } = this.#run;
    if (this.#grace !== null) this.#grace.fire = null;
    this.#grace = host.limits.add(host.clock.monotonicMs() + host.graceMs, () => {
      this.#grace = null;
      for (const frame of frames.all()) if (frame.cancelled && !frame.compensating) frame.giveUp();
    });
  }

  /** Set all anew: some may have fired in vain while the run was on its way to being parked. */
  rearm(): void {
    this.setDeadline();
    for (const [no, { dueAtMs }] of [...this.#set]) this.set(no, dueAtMs);
  }

  disarm(): void {
    if (this.#deadline !== null) this.#deadline.fire = null;
    if (this.#grace !== null) this.#grace.fire = null;
    if (this.#set.size > 0) for (const entry of this.#set.values()) entry.fire = null;
  }
}
