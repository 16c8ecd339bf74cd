import type { Id, Json, Task, Verb } from "@heddle/kernel";
import { amend } from "./amend.ts";
import type { VerbContext } from "./task-context.ts";
import type { TaskFrame } from "./task-frame.ts";

/** Gathers the verbs of a task's code, to be recorded with its end. */
export class VerbRecorder implements VerbContext {
  readonly #frame: TaskFrame;
  readonly #call: number;

  /** @param call of the frame's code: once it is over, what it asks for does not count */
  constructor(frame: TaskFrame, call: number) {
    this.#frame = frame;
    this.#call = call;
  }

  write(channel: string, value: unknown): void {
    this.#add({ write: channel, value: this.#keep(value, "the value for channel", channel) });
  }

  take(label: string): void {
    this.#add({ take: label });
  }

  spawn(task: string, items: readonly unknown[]): void {
    this.#add({ spawn: task, items: items.map((item) => this.#keep(item, "an item for", task)) });
  }

  next(task: string, input?: unknown): void {
    this.#add(input === undefined ? { next: task } : { next: task, input: this.#keep(input, "the input for", task) });
  }

  goto(task: string, input?: unknown): void {
    this.#add(input === undefined ? { goto: task } : { goto: task, input: this.#keep(input, "the input for", task) });
  }

  iterate(input: unknown): void {
    this.#add({ iterate: this.#keep(input, "the input of the next iteration", "") });
  }

  amend(tasks: Readonly<Record<Id, Task>>): void {
    amend(this.#frame, tasks);
  }

  end(how: "ok" | "cancel", value?: unknown): void {
    this.#add(value === undefined ? { end: how } : { end: how, value: this.#keep(value, "the value of the run", "") });
  }

  #add(verb: Verb): void {
    const frame = this.#frame;
    if (frame.ended || this.#call !== frame.calls) return;
    // Most have one: a literal takes no spare room.
    if (frame.verbs === null) frame.verbs = [verb];
    else frame.verbs.push(verb);
  }

  #keep(value: unknown, what: string, key: string): Json {
    return this.#frame.run.keep(value, what, key);
  }
}
