import type { NewMessage, NewRun, RunPart } from "@heddle/kernel";
import { withOneMore } from "./with-one-more.ts";

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** What an acknowledgement sets off. */
export type Gate = () => void;

/** What a run has recorded since its last part went out, to be committed as one. */
export class NextPart {
  /** How the run is given up with it. */
  release: RunPart["release"] | undefined;
  /** Up to where the mail is answered by what is recorded. */
  mailSeen: number | undefined;
  /** Something was completed since the last crash. */
  progress = false;
  #events: string[] = [];
  #lastAtMs = 0;
  #gates: Gate[] = [];
  #children: NewRun[] = [];
  #messages: NewMessage[] = [];

  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  /** Something waits for its acknowledgement. */
  get isAwaited(): boolean {
    return this.#gates.length > 0;
  }

  /** There is something to commit. */
  get isDue(): boolean {
    return this.#events.length > 0 || this.release !== undefined || this.mailSeen !== undefined;
  }

  /** Nothing goes along with what is recorded next. */
  get isBlank(): boolean {
    return this.#events.length === 0 && !this.progress && this.mailSeen === undefined;
  }

  /** @param text of an event */
  add(text: string, atMs: number): void {
    this.#events = withOneMore(this.#events, text);
    this.#lastAtMs = atMs;
  }

  /** Call this when what was added so far is durable. */
  onceKept(gate: Gate): void {
    this.#gates = withOneMore(this.#gates, gate);
  }

  addChild(child: NewRun): void {
    this.#children = withOneMore(this.#children, child);
  }

  addMessage(message: NewMessage): void {
    this.#messages = withOneMore(this.#messages, message);
  }

  /** It goes out, and the next one is empty. @param seq of the last event; `nowMs`: its time, where it has no event */
  take(runId: string, epoch: number, seq: number, nowMs: () => number): Mutable<RunPart> {
    const events = this.#events;
    const part: Mutable<RunPart> = {
      runId,
      epoch,
      expectedSeq: seq - events.length,
      events,
      atMs: events.length > 0 ? this.#lastAtMs : nowMs(),
    };
    this.#events = [];
    if (this.mailSeen !== undefined) part.mailSeen = this.mailSeen;
    if (this.#children.length > 0) {
      part.children = this.#children;
      this.#children = [];
    }
    if (this.#messages.length > 0) {
      part.messages = this.#messages;
      this.#messages = [];
    }
    if (this.release !== undefined) part.release = this.release;
    if (this.progress) part.progress = true;
    this.mailSeen = undefined;
    this.progress = false;
    this.release = undefined;
    return part;
  }

  /** What its acknowledgement is to set off. */
  takeGates(): readonly Gate[] {
    const gates = this.#gates;
    this.#gates = [];
    return gates;
  }
}
