import type { RunStatus } from "@heddle/kernel";
import type { Engine, LiveEvent, RunHandle } from "../../engine/engine.ts";
import type { Interruption, Io } from "../io.ts";
import { followRun } from "./follow-run.ts";
import type { LiveFeed } from "./live-feed.ts";
import { OpenAsks } from "./open-asks.ts";
import { type Parked, parkedRun } from "./parked-run.ts";
import type { RunReporter } from "./run-reporter.ts";

/** Why watching is over. */
export type Ending =
  | { readonly kind: "ended"; readonly status: RunStatus; readonly output?: unknown; readonly error?: unknown }
  | { readonly kind: "parked"; readonly parked: Parked }
  | { readonly kind: "interrupted"; readonly interruption: Interruption };

export interface WatchOptions {
  readonly engine: Engine;
  readonly run: RunHandle;
  readonly io: Io;
  readonly reporter: RunReporter;
  /** Where the engine sends what runs say of themselves. */
  readonly feed: LiveFeed;
  /** Keep watching while the run waits for people and signals. */
  readonly stay: boolean;
}

/** How long a run is quiet before it is asked whether it is parked, and how long the pauses between such looks become. */
const firstLookMs = 100;
const laterLookMs = 5_000;

/** Watch a run until it ends, can only go on when somebody does something, or the watcher is interrupted. */
export async function watchRun(options: WatchOptions): Promise<Ending> {
  const { engine, run, io, reporter } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, io.interrupted]);
  const looks = new Looks(options, signal);
  const tell = (runId: string, event: LiveEvent): void => {
    looks.event(runId, event);
    reporter.event(runId, event);
  };
  options.feed.listen(tell);
  const followed = followRun(engine, run, {
    signal,
    clock: io.clock,
    children: reporter.tree,
    event: (runId, event) => {
      tell(runId, event);
      options.feed.told(runId);
    },
  });

  try {
    const parked = await Promise.race([looks.parked, followed.then(() => null)]);
    if (parked !== null) return { kind: "parked", parked };
  } finally {
    stop.abort();
    await followed.catch(() => undefined);
  }
  if (io.interrupted.aborted) return { kind: "interrupted", interruption: io.interrupted.reason as Interruption };
  return endOf(run);
}

/** Looks at a run whenever it has been quiet for a while: what it asks, and whether it can go on by itself. */
class Looks {
  /** Settles with what holds the run up, once watching has no more sense; with null when watching is over. */
  readonly parked: Promise<Parked | null>;
  readonly #options: WatchOptions;
  readonly #signal: AbortSignal;
  readonly #asks = new OpenAsks();
  readonly #settle: PromiseWithResolvers<Parked | null> = Promise.withResolvers();
  #events = 0;
  #waitMs = firstLookMs;
  #timer: Disposable | null = null;

  constructor(options: WatchOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.parked = this.#settle.promise;
    signal.addEventListener("abort", () => {
      this.#timer?.[Symbol.dispose]();
      this.#settle.resolve(null);
    });
    this.#arm();
  }

  event(...[runId, event]: Parameters<RunReporter["event"]>): void {
    this.#events++;
    this.#asks.event(runId, event);
    if (this.#waitMs === firstLookMs) return;
    this.#waitMs = firstLookMs;
    this.#timer?.[Symbol.dispose]();
    this.#arm();
  }

  #arm(): void {
    if (this.#signal.aborted) return;
    const before = this.#events;
    this.#timer = this.#options.io.clock.after(this.#waitMs, () => {
      this.#look(before).then(
        (found) => (found === null ? this.#arm() : this.#settle.resolve(found)),
        (error: unknown) => (this.#signal.aborted ? undefined : this.#settle.reject(error)),
      );
    });
  }

  async #look(before: number): Promise<Parked | null> {
    const { engine, run, io, reporter, stay } = this.#options;
    if (reporter.answers && this.#asks.changed) reporter.questions(await this.#asks.read(engine));
    if (this.#events !== before) return null;
    this.#waitMs = Math.min(laterLookMs, this.#waitMs * 2);
    if (stay) return null;
    const found = await parkedRun(run, { engine, nowMs: io.clock.nowMs() });
    // Events that came while it was read: what was seen may be over.
    if (found === null || this.#events !== before) return null;
    // Where questions are answered in place, waiting for answers and signals is what the command is there for.
    return reporter.answers && found.paused.length === 0 && found.strange.length === 0 ? null : found;
  }
}

async function endOf(run: RunHandle): Promise<Ending> {
  const { status } = await run.summary();
  try {
    return { kind: "ended", status, output: await run.result() };
  } catch (error) {
    return { kind: "ended", status, error };
  }
}
