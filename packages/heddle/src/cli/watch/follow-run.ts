import type { Clock } from "@heddle/kernel";
import type { Engine, LiveEvent, RunHandle } from "../../engine/engine.ts";
import { isJournalEvent } from "../../engine/live-piece.ts";

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Events of the run, and of its children where they are followed. */
  event(runId: string, event: LiveEvent): void;
  /** Follow the runs that it calls and waits for, too. */
  readonly children: boolean;
}

/** Most child runs that are followed at once: what a screen can show. */
const followedChildren = 16;

/** A child that ends at once, or ended long ago in the history, is not worth following. */
const settleMs = 150;

/** Hand on the events of a run's journal, history first, then live, until it ends or `signal` is aborted. */
export async function followRun(engine: Pick<Engine, "get">, run: RunHandle, options: FollowOptions): Promise<void> {
  const ended = new AbortController();
  const children = new Map<string, Disposable>();
  let followed = 0;
  const follow = (runId: string): void => {
    children.delete(runId);
    if (followed >= followedChildren) return;
    followed++;
    engine
      .get(runId)
      .then((child) => followRun(engine, child, { ...options, signal: AbortSignal.any([options.signal, ended.signal]) }))
      // A child that cannot be read costs its part of the picture, not the run.
      .catch(() => undefined)
      .finally(() => followed--);
  };

  const waiting = new Map<string, string>();
  try {
    for await (const event of run.events({ signal: options.signal })) {
      // What is said live comes from the engine at once; here it would come twice, or not at all.
      if (!isJournalEvent(event)) continue;
      options.event(run.id, event);
      if (!options.children) continue;
      if (event.type === "op-opened" && event.op === "call" && event.child !== undefined) {
        const { runId } = event.child;
        waiting.set(event.key, runId);
        children.set(
          runId,
          options.clock.after(settleMs, () => follow(runId)),
        );
      } else if (event.type === "op-ended") {
        const child = waiting.get(event.key);
        if (child === undefined) continue;
        waiting.delete(event.key);
        children.get(child)?.[Symbol.dispose]();
        children.delete(child);
      }
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    ended.abort();
    for (const timer of children.values()) timer[Symbol.dispose]();
  }
}
