/**
 * Which runs can be claimed, and in which order.
 *
 * 1. A queued or waiting run with a wake time is in exactly one heap: `timers` of its kind, `ready` of its kind and tenant, `held` of its
 *    limit key, or `behind` of its lane. No other run is in any.
 * 2. A run is held only while its limit is full for it. Whenever a place of the key may have become free, or a run of the key leaves
 *    the queue in another way, one held run of each kind goes back to `ready`: so nothing that could run stays held, and a claim
 *    meets each blocked run once and not again at every claim.
 * 3. A run that could not begin at its rate is the first of its lane, or held behind it. The first is in `timers` until a permit is free, in `ready`, or
 *    `held` of its limit; whenever it leaves, the next becomes the first and is ready.
 * 4. Tenants with ready runs stand in a line. Who is served goes to its end, and so does who is new.
 */
import { type ClaimTerms, claimRankMs } from "@heddle/kernel";
import type { Demand } from "./demand.ts";
import type { Kind, Lane } from "./kind.ts";
import type { MemoryRun } from "./memory-run.ts";
import { Permits } from "./permits.ts";
import { claimedBefore, RunHeap, wakesBefore } from "./run-heap.ts";

/** How many of a lane are ready at once, at most, when several permits are free. */
const mostAtOnce = 100;

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
  readonly #permits = new Permits();
  /** By rate key: how many are queued that have not begun. */
  readonly #unbegun = new Map<string, number>();
  /** Something became ready while claims looked for what to take. */
  #passedOn = false;
  /** In the order of their turns; none is missing that has ready runs. */
  readonly #line = new Set<string | null>();

  /** Call after a run got into its present status: it starts to count for its limit and waits for its claim. */
  enter(run: MemoryRun): void {
    if (run.limitKey !== null) {
      const limit = this.#limit(run.limitKey);
      if (run.status === "running") limit.running++;
      else if (run.status === "queued") limit.queued++;
    }
    if (run.rated && run.status === "queued") this.#unbegun.set(run.rate!.key, (this.#unbegun.get(run.rate!.key) ?? 0) + 1);
    if (run.demand.bounded && run.owner !== null) {
      const { owned } = (run.countedIn = this.#kind(run));
      owned.set(run.owner, (owned.get(run.owner) ?? 0) + 1);
    }
    if (run.claimable && run.wakeAtMs !== null) this.#kind(run).timers.push(run);
  }

  /** Call before a run leaves its present status. */
  leave(run: MemoryRun): void {
    run.heap?.remove(run);
    if (run.rated && run.status === "queued") this.#countUnbegun(run.rate!.key);
    if (run.dueAtMs !== null) {
      const kind = this.#kind(run);
      const lane = laneOf(kind, run);
      run.dueAtMs = null;
      lane.first = null;
      this.#passLaneOn(kind, lane, run, 1);
    }
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

  /** Call when a run is claimed for the first time, after `leave` and `enter`. @param wasFirst of its lane */
  begun(run: MemoryRun, nowMs: number, wasFirst: boolean): void {
    const rate = run.rate!;
    this.#permits.give(rate, nowMs);
    if (!wasFirst) return;
    const kind = this.#kind(run);
    const places = run.limitKey === null ? mostAtOnce : run.limitMax! - this.#limit(run.limitKey).running;
    // One was passed on when it left.
    const more = Math.min(mostAtOnce, places, this.#permits.free(rate, nowMs)) - 1;
    const lane = kind.lanes.get(laneName(run));
    if (more > 0 && lane !== undefined) this.#passLaneOn(kind, lane, lane.first ?? run, more);
  }

  /** May a new run of this rate begin at once? */
  mayBegin(run: MemoryRun, nowMs: number): boolean {
    return run.rate === null || (!this.#unbegun.has(run.rate.key) && this.#permits.free(run.rate, nowMs) > 0);
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
    for (;;) {
      this.#passedOn = false;
      const run = this.#nextOfLine(nowMs, choose);
      if (run !== null || !this.#passedOn) return run;
    }
  }

  #nextOfLine(nowMs: number, choose: Choice): MemoryRun | null {
    const offered: { readonly kind: Kind; readonly beforeMs: number }[] = [];
    for (const kind of this.#allKinds()) {
      const terms = choose(kind);
      if (terms === null) continue;
      const beforeMs = nowMs - terms.delayMs;
      this.#wakeDue(kind, beforeMs);
      offered.push({ kind, beforeMs });
    }
    for (const tenant of this.#line) {
      let best: MemoryRun | null = null;
      let known = false;
      for (const { kind, beforeMs } of offered) {
        const top = this.#topOf(kind, tenant, beforeMs, nowMs);
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
      const run = this.#anyReady(kind, nowMs, terms.delayMs) ?? kind.timers.top;
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
    this.#passedOn = true;
  }

  #topOf(kind: Kind, tenant: string | null, beforeMs: number, nowMs: number): MemoryRun | null {
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
        if (run.rated) this.#wait(kind, run, null);
        else hold(limit, kind, run);
      } else if (run.rated && this.#permits.free(run.rate!, nowMs) <= 0) {
        ready.remove(run);
        this.#wait(kind, run, this.#permits.nextAtMs(run.rate!));
        // It had been given a place that it cannot use now.
        if (run.limitKey !== null) this.passPlaceOn(run.limitKey, run.tenant);
      } else return run;
    }
    if (kind.ready.get(tenant) === ready) kind.ready.delete(tenant);
    return null;
  }

  /** It was met and cannot begin now. @param wakeAtMs when its rate has a permit again; null: its limit is full */
  #wait(kind: Kind, run: MemoryRun, wakeAtMs: number | null): void {
    const lane = laneOf(kind, run);
    const { first } = lane;
    if (first !== null && first !== run) {
      if (first.tenant !== run.tenant || !goesBefore(run, first)) return putBehind(lane, run);
      first.heap?.remove(first);
      first.wakeAtMs = first.dueAtMs;
      first.dueAtMs = null;
      putBehind(lane, first);
    }
    lane.first = run;
    run.dueAtMs ??= run.wakeAtMs;
    run.wakeAtMs = wakeAtMs ?? run.dueAtMs;
    if (wakeAtMs === null) hold(this.#limit(run.limitKey!), kind, run);
    else kind.timers.push(run);
  }

  /** The next of the lane, and others behind it where there is room for more, are ready. */
  #passLaneOn(kind: Kind, lane: Lane, { tenant }: MemoryRun, count: number): void {
    let after = tenant ?? "";
    for (let left = count; left > 0; left--) {
      for (const [name, { items }] of lane.behind) if (items.length === 0) lane.behind.delete(name);
      const run = nextThatFits(lane.behind, -1, after);
      if (run === null) break;
      run.heap?.remove(run);
      if (lane.first === null) {
        lane.first = run;
        run.dueAtMs = run.wakeAtMs;
      }
      this.#makeReady(kind, run);
      after = run.tenant ?? "";
    }
    if (lane.first === null) for (const [name, each] of kind.lanes) if (each === lane) kind.lanes.delete(name);
  }

  #countUnbegun(key: string): void {
    const left = (this.#unbegun.get(key) ?? 0) - 1;
    if (left > 0) this.#unbegun.set(key, left);
    else this.#unbegun.delete(key);
  }

  #anyReady(kind: Kind, nowMs: number, delayMs: number): MemoryRun | null {
    for (const [tenant, { top }] of kind.ready) {
      const run = delayMs === 0 ? top : this.#topOf(kind, tenant, nowMs - delayMs, nowMs);
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
      kind = { name, demand: run.demand, owned: new Map(), timers: new RunHeap(wakesBefore), ready: new Map(), lanes: new Map() };
      demands.set(run.demand, kind);
    }
    return kind;
  }

  *#allKinds(): Generator<Kind> {
    for (const versions of this.#kinds.values()) for (const demands of versions.values()) yield* demands.values();
  }
}

function laneName({ rate, limitKey }: MemoryRun): string {
  const { key } = rate!;
  return `${key.length}:${key}${limitKey ?? ""}`;
}

function laneOf(kind: Kind, run: MemoryRun): Lane {
  const name = laneName(run);
  let lane = kind.lanes.get(name);
  if (lane === undefined) kind.lanes.set(name, (lane = { first: null, behind: new Map() }));
  return lane;
}

function putBehind(lane: Lane, run: MemoryRun): void {
  if (run.dueAtMs !== null) run.wakeAtMs = run.dueAtMs;
  let heap = lane.behind.get(run.tenant);
  if (heap === undefined) lane.behind.set(run.tenant, (heap = new RunHeap(claimedBefore)));
  heap.push(run);
}

function goesBefore(run: MemoryRun, first: MemoryRun): boolean {
  const own = claimRankMs({ wakeAtMs: run.wakeAtMs!, priority: run.priority });
  const others = claimRankMs({ wakeAtMs: first.dueAtMs!, priority: first.priority });
  return own === others ? run.number < first.number : own < others;
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
  if (top !== undefined && (top.limitMax ?? 0) > running) return top;
  // Only runs of one key with different limits come here.
  let best: MemoryRun | null = null;
  for (const run of held.items) if (run.limitMax! > running && (best === null || claimedBefore(run, best))) best = run;
  return best;
}
