import type { RunEvent, RunState, StartTask } from "@heddle/kernel";
import { lastOutcome, taskNumber } from "@heddle/kernel/internal";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { DispatchRules } from "../dispatch/dispatch-rules.ts";
import type { LiveEvent, LivePiece } from "../engine.ts";
import type { OwnedRun } from "../owned-run.ts";

interface Standing {
  readonly command: StartTask;
  readonly begin: () => void;
  readonly atMs: number;
}

/** The tasks of a run whose plan has a dispatch: those that are ready stand in line until their turn comes. Made anew with the run, from what is outstanding. */
export class DispatchLine {
  readonly #run: OwnedRun;
  readonly #dispatcher: Dispatcher;
  readonly #ids: readonly string[];
  readonly #inLine = new Map<number, Standing>();
  /** When the code under way was begun here, epoch milliseconds. */
  readonly #begun = new Map<number, { readonly task: string; readonly atMs: number }>();
  #releasing = false;

  constructor(run: OwnedRun, rules: DispatchRules) {
    this.#run = run;
    this.#dispatcher = new Dispatcher(rules);
    this.#ids = rules.graph.ids;
  }

  /** It is ready: `begin` is called when its turn comes. */
  stand(command: StartTask, begin: () => void): void {
    const atMs = this.#run.stampMs();
    this.#inLine.set(command.no, { command, begin, atMs });
    this.#dispatcher.stand(command.no, taskNumber(command));
    if (this.#run.watched) this.#run.live({ type: "ready", key: command.task, no: command.no });
  }

  /** It has begun before this process had the run, and is about to go on. */
  goOn(command: StartTask): void {
    this.#dispatcher.goOn(command.no, taskNumber(command));
    this.#begins(command);
  }

  /** It is to be tried again, later. */
  waitForAttempt(command: StartTask): void {
    this.#dispatcher.waitForAttempt(command.no, taskNumber(command));
  }

  /** What ended before this process had the run. */
  recall(state: RunState): void {
    this.#ids.forEach((id, task) => {
      if (lastOutcome(state, id, []) !== undefined) this.#dispatcher.hasEnded(task);
    });
  }

  /** Begin what has its turn. What that code does at once makes others ready, which are begun here too and not inside of it. */
  release(): void {
    if (this.#releasing) return;
    this.#releasing = true;
    try {
      while (this.#run.mayBegin) {
        const no = this.#dispatcher.next();
        if (no === undefined) break;
        const { command, begin } = this.#inLine.get(no) as Standing;
        this.#inLine.delete(no);
        this.#begins(command);
        begin();
      }
    } finally {
      this.#releasing = false;
    }
  }

  /** It is cancelled before its turn came. @returns its command; undefined: it does not stand in line */
  leave(no: number): StartTask | undefined {
    const standing = this.#inLine.get(no);
    this.#inLine.delete(no);
    return standing?.command;
  }

  /** Code that has begun waits for what is not done by it, or no longer does. */
  rests(no: number, rests: boolean): void {
    if (rests) this.#dispatcher.rest(no);
    else this.#dispatcher.wake(no);
  }

  /** An event is about to be recorded. @returns the number of the activation that it ends; call `close` with it once it is durable */
  recording(event: RunEvent): number | null {
    if (event.type === "task-retried") {
      this.#begun.delete(event.no);
      this.#dispatcher.endAttempt(event.no);
    }
    if (event.type !== "task-ended") return null;
    this.#begun.delete(event.no);
    this.#dispatcher.end(event.no, event.outcome.status === "completed" && event.verbs?.some((verb) => "end" in verb) !== true);
    return event.no;
  }

  close(no: number): void {
    this.#dispatcher.close(no);
  }

  /** What stands in line and what is under way, for those who begin to watch. */
  *underWay(): IterableIterator<LiveEvent & LivePiece> {
    const { seq } = this.#run;
    for (const { command, atMs } of this.#inLine.values()) yield { seq, atMs, type: "ready", key: command.task, no: command.no };
    for (const [no, { task, atMs }] of this.#begun) yield { seq, atMs, type: "started", key: task, no };
  }

  #begins({ task, no }: StartTask): void {
    this.#begun.set(no, { task, atMs: this.#run.stampMs() });
    if (this.#run.watched) this.#run.live({ type: "started", key: task, no });
  }
}
