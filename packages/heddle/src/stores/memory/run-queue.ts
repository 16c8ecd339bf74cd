/**
 * Which runs can be claimed, and in which order.
 *
 * 1. A queued or waiting run with a wake time is in exactly one heap: `timers` of its kind, `ready` of its kind and tenant, or `held` of its
 *    limit key. No other run is in any.
 * 2. A run is held only while its limit is full for it. Whenever a place of the key may have become free, or a run of the key leaves
 *    the queue in another way, one held run of each kind goes back to `ready`: so nothing that could run stays held, and a claim
 *    meets each blocked run once and not again at every claim.
 * 3. Tenants with ready runs stand in a line. Who is served goes to its end, and so does who is new.
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
  readonly ready: Map<string | null, RunHeap>;
}

interface Limit {
  running: number;
  queued: number;
  readonly held: Map<Kind, Map<string | null, RunHeap>>;
}

/** On what terms a claim takes runs of a kind; null: it takes none. */
export type Choice = (kind: Kind) => ClaimTerms | null;

export class RunQueue {
  readonly #kinds = new Map<string, Map<string | null, Map<Demand, Kind>>>();
  readonly #limits = new Map<string, Limit>();
  /** In the order of their turns; none is missing that has ready runs. */
  readonly #line = new Set<string | null>();

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

  /**
   * Call after `leave` and `enter` of a change that was no claim.
   *
   * @param after tenant of the run that had the place: the one that follows it by name comes next
   */
  passPlaceOn(key: string, after: string | null): void {
    const limit = this.#limit(key);
    for (const [kind, tenants] of limit.held) {
      const run = nextThatFits(tenants, limit.running, after ?? "");
      if (run !== null) {
        const held = run.heap!;
        held.remove(run);
        if (held.items.length === 0) tenants.delete(run.tenant);
        this.#makeReady(kind, run);
      }
      for (const [tenant, held] of tenants) if (held.items.length === 0) tenants.delete(tenant);
      if (tenants.size === 0) limit.held.delete(kind);
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

  /** The run that a claim takes next, still in its place, and its tenant's turn is over; null: none is due. */
  next(nowMs: number, choose: Choice): MemoryRun | null {
    const offered: { readonly kind: Kind; readonly beforeMs: number }[] = [];
    for (const kind of this.#allKinds()) {
      const terms = choose(kind);
      if (terms === null) continue;
      const beforeMs = nowMs - terms.delayMs;
      this.#wakeDue(kind, beforeMs);
      if (kind.ready.size > 0) offered.push({ kind, beforeMs });
    }
    if (offered.length === 0) return null;
    for (const tenant of this.#line) {
      let best: MemoryRun | null = null;
      let known = false;
      for (const { kind, beforeMs } of offered) {
        const top = this.#topOf(kind, tenant, beforeMs);
        if (top !== null && (best === null || claimedBefore(top, best))) best = top;
        known ||= kind.ready.has(tenant);
      }
      if (best === null) {
        if (!known && !this.#hasReady(tenant)) this.#line.delete(tenant);
        continue;
      }
      this.#line.delete(tenant);
      this.#line.add(tenant);
      return best;
    }
    return null;
  }

  nextWakeMs(nowMs: number, choose: Choice): number | null {
    let next: number | null = null;
    for (const kind of this.#allKinds()) {
      const terms = choose(kind);
      if (terms === null) continue;
      // Ready ones are due already: any of them will do. Where claims wait for longer, those that are ready for one node are not for another.
      const run = this.#anyReady(kind, terms.delayMs === 0 ? null : nowMs - terms.delayMs) ?? kind.timers.top;
      if (run !== undefined && (next === null || run.wakeAtMs! + terms.delayMs < next)) next = run.wakeAtMs! + terms.delayMs;
    }
    return next;
  }

  /** What has become due is ready. */
  #wakeDue(kind: Kind, beforeMs: number): void {
    for (let run = kind.timers.top; run !== undefined && run.wakeAtMs! <= beforeMs; run = kind.timers.top) {
      kind.timers.remove(run);
      this.#makeReady(kind, run);
    }
  }

  #makeReady(kind: Kind, run: MemoryRun): void {
    let ready = kind.ready.get(run.tenant);
    if (ready === undefined) kind.ready.set(run.tenant, (ready = new RunHeap(claimedBefore)));
    ready.push(run);
    this.#line.add(run.tenant);
  }

  #topOf(kind: Kind, tenant: string | null, beforeMs: number): MemoryRun | null {
    const ready = kind.ready.get(tenant);
    if (ready === undefined) return null;
    for (let run = ready.top; run !== undefined; run = ready.top) {
      const limit = run.limitKey === null ? null : this.#limit(run.limitKey);
      if (run.wakeAtMs! > beforeMs) {
        // The clock went back.
        ready.remove(run);
        kind.timers.push(run);
      } else if (limit !== null && limit.running >= run.limitMax!) {
        ready.remove(run);
        hold(limit, kind, run);
      } else return run;
    }
    kind.ready.delete(tenant);
    return null;
  }

  /** @param beforeMs of those only that were due then; null: whether they are is known */
  #anyReady(kind: Kind, beforeMs: number | null): MemoryRun | null {
    for (const [tenant, { top }] of kind.ready) {
      const run = beforeMs === null ? top : this.#topOf(kind, tenant, beforeMs);
      if (run != null) return run;
    }
    return null;
  }

  #hasReady(tenant: string | null): boolean {
    for (const { ready } of this.#allKinds()) if (ready.has(tenant)) return true;
    return false;
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
      kind = { name, demand: run.demand, owned: new Map(), timers: new RunHeap(wakesBefore), ready: new Map() };
      demands.set(run.demand, kind);
    }
    return kind;
  }

  *#allKinds(): Generator<Kind> {
    for (const versions of this.#kinds.values()) for (const demands of versions.values()) yield* demands.values();
  }
}

function hold(limit: Limit, kind: Kind, run: MemoryRun): void {
  let tenants = limit.held.get(kind);
  if (tenants === undefined) limit.held.set(kind, (tenants = new Map()));
  let held = tenants.get(run.tenant);
  if (held === undefined) tenants.set(run.tenant, (held = new RunHeap(claimedBefore)));
  held.push(run);
}

/** Of the first tenant behind `after` by name, and round again, that has held runs which fit: the one that goes first. */
function nextThatFits(tenants: ReadonlyMap<string | null, RunHeap>, running: number, after: string): MemoryRun | null {
  let next: MemoryRun | null = null;
  for (const [tenant, held] of tenants) {
    if (next !== null && !comesBefore(tenant ?? "", next.tenant ?? "", after)) continue;
    next = bestThatFits(held, running) ?? next;
  }
  return next;
}

function comesBefore(one: string, other: string, after: string): boolean {
  return one > after === other > after ? one < other : one > after;
}

function bestThatFits(held: RunHeap, running: number): MemoryRun | null {
  const top = held.top;
  if (top !== undefined && top.limitMax! > running) return top;
  // Only runs of one key with different limits come here.
  let best: MemoryRun | null = null;
  for (const run of held.items) if (run.limitMax! > running && (best === null || claimedBefore(run, best))) best = run;
  return best;
}
