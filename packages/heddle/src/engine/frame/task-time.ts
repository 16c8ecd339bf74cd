import type { DueEntry } from "../due-times.ts";
import type { OwnedRun } from "../owned-run.ts";
import type { TaskLimits } from "../task-table.ts";

/** Watches over how long an attempt of a task takes, and its task in all, by the process's own clock. */
export class TaskTime {
  readonly #run: OwnedRun;
  readonly #overAtMs: number;
  readonly #why: string;
  readonly #final: boolean;
  readonly #over: (why: string, final: boolean) => void;
  #entry: DueEntry | null = null;

  /**
   * @param attemptBegunMs when this attempt began, on the monotonic clock
   * @param begunMs when the first one did
   * @param over called when a limit is passed, in words; `final`: it is the task's, so that no further attempt may follow
   */
  constructor(
    run: OwnedRun,
    { attemptMs, totalMs }: TaskLimits,
    attempt: number,
    attemptBegunMs: number,
    begunMs: number,
    over: (why: string, final: boolean) => void,
  ) {
    const attemptOverMs = attemptMs === undefined ? Number.POSITIVE_INFINITY : attemptBegunMs + attemptMs;
    const totalOverMs = totalMs === undefined ? Number.POSITIVE_INFINITY : begunMs + totalMs;
    this.#run = run;
    this.#final = totalOverMs <= attemptOverMs;
    this.#overAtMs = this.#final ? totalOverMs : attemptOverMs;
    this.#why = this.#final ? `it took longer than ${totalMs} ms in all` : `attempt ${attempt} took longer than ${attemptMs} ms`;
    this.#over = over;
  }

  get isOver(): boolean {
    return this.#overAtMs <= this.#run.host.clock.monotonicMs();
  }

  /** When it is over, epoch milliseconds. */
  get dueAtMs(): number {
    return this.#run.stampMs() + Math.max(0, this.#overAtMs - this.#run.host.clock.monotonicMs());
  }

  arm(): void {
    this.disarm();
    this.#entry = this.#run.host.limits.add(this.#overAtMs, () => {
      // On its way to being parked: the timers are set anew after that.
      if (!this.#run.releasing) this.end();
    });
  }

  disarm(): void {
    if (this.#entry !== null) this.#entry.fire = null;
    this.#entry = null;
  }

  end(): void {
    this.disarm();
    this.#over(this.#why, this.#final);
  }
}
