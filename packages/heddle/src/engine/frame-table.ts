import type { TaskFrame } from "./frame/task-frame.ts";

/** The frames of a run whose code is under way, by the number of their command, oldest first. Most runs have one at a time: it needs no map. */
export class FrameTable {
  #one: TaskFrame | null = null;
  #more: Map<number, TaskFrame> | null = null;

  get(no: number): TaskFrame | undefined {
    if (this.#one !== null && this.#one.command.no === no) return this.#one;
    return this.#more?.get(no);
  }

  add(frame: TaskFrame): void {
    if (this.#one === null && (this.#more === null || this.#more.size === 0)) this.#one = frame;
    else (this.#more ??= new Map()).set(frame.command.no, frame);
  }

  remove(frame: TaskFrame): void {
    if (this.#one === frame) this.#one = null;
    else this.#more?.delete(frame.command.no);
  }

  /** A list of its own: frames may come and go while it is gone through. */
  all(): TaskFrame[] {
    if (this.#more === null) return this.#one === null ? [] : [this.#one];
    return this.#one === null ? [...this.#more.values()] : [this.#one, ...this.#more.values()];
  }
}
