/**
 * Which runs can be claimed, and in which order.
 *
 * 1. A queued or waiting run with a wake time is in exactly one heap: `timers` or `ready` of its kind, or `held` of its limit key.
 *    No other run is in any.
 * 2. A run is held only while its limit is full for it. Whenever a place of the key may have become free, or a run of the key leaves
 *    the queue in another way, the best held run of each kind goes back to `ready`: so nothing that could run stays held, and a claim
 *    meets each blocked run once and not again at every claim.
 */
import type { ClaimTerms } from "@heddle/kernel";
import type { Demand } from "./demand.ts";
import type { MemoryNode, MemoryRun } from "./memory-run.ts";
import { claimedBefore, RunHeap, wakesBefore } from "./run-heap.ts";

/** Runs of one workflow and version that demand the same of a node. */
export interface Kind {
  readonly name: string;
  readonly demand: Demand;
  /** How many of them each node owns; counted only where the demand bounds it. */
  readonly owned: Map<MemoryNode, number>;
  /** Not due yet, as far as the last claim knew. */
  readonly timers: RunHeap;
  readonly ready: RunHeap;
}

interface Limit {
  running: number;
  queued: number;
  readonly held: Map<Kind, RunHeap>;
}

/** On what terms a claim takes runs of a kind; null: it takes none. */
export type Choice = (kind: Kind) => ClaimTerms | null;

export class RunQueue {
  readonly #kinds = new Map<string, Map<string | null, Map<Demand, Kind>>>();
  readonly #limits = new Map<string, Limit>();

  /** Call after a run got into its present status: it starts to count for its limit and waits for its claim. */
  enter(run: MemoryRun): void {
    if (run.limitKey !== null) {
      const limit = this.#limit(run.limitKey);
      if (run.status === "running") limit.running++;
      else if (run.status === "queued") limit.queued++;
    }
    if (run.demand.bounded && run.owner !== null) {
      const { owned } = (run.countedIn = this.#kind(run));
      owned.set(run.owner, (owned.get(run.owner) ?? 0) + 1);
    }
    if (run.claimable && run.wakeAtMs !== null) this.#kind(run).timers.push(run);
  }

  /** Call before a run leaves its present status. */
  leave(run: MemoryRun): void {
    run.heap?.remove(run);
    if (run.countedIn !== null && run.owner !== null) {
      const left = (run.countedIn.owned.get(run.owner) ?? 0) - 1;
      if (left > 0) run.countedIn.owned.set(run.owner, left);
      else run.countedIn.owned.delete(run.owner);
      run.countedIn = null;
    }
    if (run.limitKey === null) return;
    const limit = this.#limit(run.limitKey);
    if (run.status === "running") limit.running--;
    else if (run.status === "queued") limit.queued--;
  }

  /** Call after `leave` and `enter` of a change that was no claim. */
  passPlaceOn(key: string): void {
    const limit = this.#limit(key);
    for (const [kind, held] of limit.held) {
      const run = bestThatFits(held, limit.running);
      if (run !== null) {
        held.remove(run);
        kind.ready.push(run);
      }
      if (held.items.length === 0) limit.held.delete(kind);
    }
    if (limit.running === 0 && limit.queued === 0 && limit.held.size === 0) this.#limits.delete(key);
  }

  /** Give a run that can be claimed another wake time. */
  reschedule(run: MemoryRun, wakeAtMs: number): void {
    const heap = run.heap;
    heap?.remove(run);
    run.wakeAtMs = wakeAtMs;
    (heap ?? this.#kind(run).timers).push(run);
  }

  /** May a new run with this key start at once? */
  hasPlace(key: string, max: number): boolean {
    const limit = this.#limits.get(key);
    return limit === undefined || (limit.running < max && limit.queued === 0);
  }

  /** The run that a claim takes next, still in its place; null: none is due. */
  next(nowMs: number, choose: Choice): MemoryRun | null {
    let best: MemoryRun | null = null;
    for (const kind of this.#allKinds()) {
      const terms = choose(kind);
      if (terms === null) continue;
      const top = this.#topOf(kind, nowMs - terms.delayMs);
      if (top !== null && (best === null || claimedBefore(top, best))) best = top;
    }
    return best;
  }

  nextWakeMs(nowMs: number, choose: Choice): number | null {
    let next: number | null = null;
    for (const kind of this.#allKinds()) {
      const terms = choose(kind);
      if (terms === null) continue;
      // Where claims wait for longer, those that are ready for one node are not for another.
      const due = terms.delayMs === 0 ? undefined : this.#topOf(kind, nowMs - terms.delayMs);
      // Ready ones are due already: any of them will do.
      const run = due ?? kind.ready.top ?? kind.timers.top;
      if (run !== undefined && (next === null || run.wakeAtMs! + terms.delayMs < next)) next = run.wakeAtMs! + terms.delayMs;
    }
    return next;
  }

  #topOf(kind: Kind, nowMs: number): MemoryRun | null {
    for (let run = kind.timers.top; run !== undefined && run.wakeAtMs! <= nowMs; run = kind.timers.top) {
      kind.timers.remove(run);
      kind.ready.push(run);
    }
    for (let run = kind.ready.top; run !== undefined; run = kind.ready.top) {
      const limit = run.limitKey === null ? null : this.#limit(run.limitKey);
      if (run.wakeAtMs! > nowMs) {
        // The clock went back.
        kind.ready.remove(run);
        kind.timers.push(run);
      } else if (limit !== null && limit.running >= run.limitMax!) {
        kind.ready.remove(run);
        let held = limit.held.get(kind);
        if (held === undefined) limit.held.set(kind, (held = new RunHeap(claimedBefore)));
        held.push(run);
      } else return run;
    }
    return null;
  }

  #limit(key: string): Limit {
    let limit = this.#limits.get(key);
    if (limit === undefined) this.#limits.set(key, (limit = { running: 0, queued: 0, held: new Map() }));
    return limit;
  }

  #kind(run: MemoryRun): Kind {
    let versions = this.#kinds.get(run.workflow);
    if (versions === undefined) this.#kinds.set(run.workflow, (versions = new Map()));
    let demands = versions.get(run.version);
    if (demands === undefined) versions.set(run.version, (demands = new Map()));
    let kind = demands.get(run.demand);
    if (kind === undefined) {
      const name = run.version === null ? run.workflow : `${run.workflow}@${run.version}`;
      kind = { name, demand: run.demand, owned: new Map(), timers: new RunHeap(wakesBefore), ready: new RunHeap(claimedBefore) };
      demands.set(run.demand, kind);
    }
    return kind;
  }

  *#allKinds(): Generator<Kind> {
    for (const versions of this.#kinds.values()) for (const demands of versions.values()) yield* demands.values();
  }
}

function bestThatFits(held: RunHeap, running: number): MemoryRun | null {
  const top = held.top;
  if (top !== undefined && top.limitMax! > running) return top;
  // Only runs of one key with different limits come here.
  let best: MemoryRun | null = null;
  for (const run of held.items) if (run.limitMax! > running && (best === null || claimedBefore(run, best))) best = run;
  return best;
}
