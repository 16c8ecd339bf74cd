import type { ErrorFields } from "./error-fields.ts";
import type { Wire } from "./wire.ts";

/** What the writer's thread is started with, besides its port. */
export interface ThreadData {
  readonly path: string;
  readonly durability: "machine" | "process";
  readonly busyMs: number;
  readonly schema: number;
  readonly counters: SharedArrayBuffer;
  /** One integer, raised after each message. */
  readonly signal: SharedArrayBuffer;
}

/** To the thread. `generation` grows with each failure that the main thread has heard of. */
export type ThreadMessage =
  | { readonly type: "calls"; readonly generation: number; readonly nowMs: number; readonly wire: Wire }
  | { readonly type: "close" };

/** From the thread. `done` answers so many calls, in their order. */
export type ThreadAnswer =
  | { readonly type: "up" }
  | { readonly type: "done"; readonly calls: number; readonly wire: Wire }
  /** The calls that are not answered yet were not done, those that are on their way included. */
  | { readonly type: "failed"; readonly error: ErrorFields }
  | { readonly type: "closed" };
