import type { Id, Json, Task, Verb } from "@heddle/kernel";
import { amend } from "./amend.ts";
import type { VerbContext } from "./task-context.ts";
import type { TaskFrame } from "./task-frame.ts";

/** Gathers the verbs of a task's code, to be recorded with its end. */
export class VerbRecorder implements VerbContext {
  readonly #frame: TaskFrame;
  readonly #verbs: Verb[];

  /** @param verbs what they are added to */
  constructor(frame: TaskFrame, verbs: Verb[]) {
    this.#frame = frame;
    this.#verbs = verbs;
  }

  write(channel: string, value: unknown): void {
    this.#verbs.push({ write: channel, value: this.#keep(value, "the value for channel", channel) });
  }

  take(label: string): void {
    this.#verbs.push({ take: label });
  }

  spawn(task: string, items: readonly unknown[]): void {
    this.#verbs.push({ spawn: task, items: items.map((item) => this.#keep(item, "an item for", task)) });
  }

  next(task: string, input?: unknown): void {
    this.#verbs.push(input === undefined ? { next: task } : { next: task, input: this.#keep(input, "the input for", task) });
  }

  goto(task: string, input?: unknown): void {
    this.#verbs.push(input === undefined ? { goto: task } : { goto: task, input: this.#keep(input, "the input for", task) });
  }

  iterate(input: unknown): void {
    this.#verbs.push({ iterate: this.#keep(input, "the input of the next iteration", "") });
  }

  amend(tasks: Readonly<Record<Id, Task>>): void {
    amend(this.#frame, tasks);
  }

  end(how: "ok" | "cancel", value?: unknown): void {
    this.#verbs.push(value === undefined ? { end: how } : { end: how, value: this.#keep(value, "the value of the run", "") });
  }

  #keep(value: unknown, what: string, key: string): Json {
    return this.#frame.run.keep(value, what, key);
  }
}
