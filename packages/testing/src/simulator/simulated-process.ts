import { HeddleError, type Clock, type CommitBatch, type CommitVerdict, type RunStore } from "@heddle/kernel";

/** What may go wrong with one commit, drawn for each by the simulator. Chances between 0 and 1. */
export interface StoreFaults {
  /** The commit reaches the store and its answer is lost: the caller is told that the store did not answer. */
  readonly loseAnswer?: number;
  /** The commit never reaches the store: the caller is told the same. */
  readonly drop?: number;
  /** The commit reaches the store twice, as a network may do it; the first answer comes back. */
  readonly duplicate?: number;
  /** The answer takes up to so long, in milliseconds of the simulator's clock. Default 0: at once. */
  readonly delayMs?: number;
}

/** A place at which a process can be killed: before or after the n-th call of its store, or the n-th effect of its steps. */
export interface KillPoint {
  readonly at: "store" | "effect";
  readonly number: number;
  readonly when: "before" | "after";
}

/** What a process shares with its simulator. */
export interface World {
  readonly clock: Clock;
  readonly store: RunStore;
  chance(): number;
  /** Called at each numbered place; true ends the process there. */
  reached(process: SimulatedProcess, point: KillPoint): boolean;
  readonly faults: StoreFaults;
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/**
 * One process of a simulation: an engine's clock and store, and a place for its effects. When it is killed everything in it stops where it is: its timers
 * do not fire, its calls are never answered, its effects do not happen. What its store had committed stays.
 */
export class SimulatedProcess {
  readonly #world: World;
  readonly #timers = new Set<Disposable>();
  readonly clock: Clock;
  readonly store: RunStore;
  /** Rejects with `ProcessDied` when the process is killed. */
  readonly death: Promise<never>;
  readonly #die: (error: ProcessDied) => void;
  #dead = false;
  #storeCalls = 0;
  #effects = 0;

  constructor(world: World) {
    this.#world = world;
    const { promise, reject } = Promise.withResolvers<never>();
    this.death = promise;
    this.#die = reject;
    promise.catch(() => {});
    this.clock = {
      nowMs: () => world.clock.nowMs(),
      monotonicMs: () => world.clock.monotonicMs(),
      after: (delayMs, call) => this.#after(delayMs, call),
    };
    this.store = this.#wrap(world.store);
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** What this process has passed so far: the kill points of a crash index. */
  get counts(): { readonly store: number; readonly effect: number } {
    return { store: this.#storeCalls, effect: this.#effects };
  }

  kill(): void {
    this.#dead = true;
    this.#die(new ProcessDied());
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
  }

  /** Something that a step does to the world. Counted, and not done once the process is dead. */
  async effect<T>(happen: () => T): Promise<T> {
    if (this.#dead) return never();
    const number = ++this.#effects;
    if (this.#dies({ at: "effect", number, when: "before" })) return never();
    const result = happen();
    if (this.#dies({ at: "effect", number, when: "after" })) return never();
    return result;
  }

  #dies(point: KillPoint): boolean {
    if (!this.#dead && this.#world.reached(this, point)) this.kill();
    return this.#dead;
  }

  #after(delayMs: number, call: () => void): Disposable {
    const timer = this.#world.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      if (!this.#dead) call();
    });
    this.#timers.add(timer);
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer);
        timer[Symbol.dispose]();
      },
    };
  }

  #wrap(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name): unknown => {
        if (name === "features") return { ...target.features, durability: "machine", shared: true };
        // What survives the process is not kept by a call that answers at once.
        if (name === "appendNow") return undefined;
        if (name === Symbol.asyncDispose) return () => Promise.resolve();
        if (name === "commit") return (batch: CommitBatch) => this.#commit(batch);
        if (name === "watch")
          return (call: Parameters<RunStore["watch"]>[0]) => target.watch((runId, what) => void (this.#dead || call(runId, what)));
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        return (...parameters: unknown[]) => this.#call(() => Reflect.apply(method, target, parameters) as Promise<unknown>);
      },
    });
  }

  /** Every call is a place to die at, before it and after it. */
  async #call<T>(call: () => T | Promise<T>): Promise<T> {
    if (this.#dead) return never();
    const number = ++this.#storeCalls;
    if (this.#dies({ at: "store", number, when: "before" })) return never();
    const result = await call();
    if (this.#dies({ at: "store", number, when: "after" })) return never();
    return result;
  }

  #commit(batch: CommitBatch): Promise<CommitVerdict> {
    const { faults, store } = this.#world;
    return this.#call(async () => {
      const draw = this.#world.chance();
      const lost = new HeddleError("STORE_UNAVAILABLE", "The simulated store did not answer.");
      const drop = faults.drop ?? 0;
      const lose = drop + (faults.loseAnswer ?? 0);
      if (draw < drop) throw lost;
      const verdict = await store.commit(batch);
      if (draw < lose) throw lost;
      if (draw < lose + (faults.duplicate ?? 0)) await store.commit(batch);
      if (faults.delayMs !== undefined && faults.delayMs > 0) await this.#pause(this.#world.chance() * faults.delayMs);
      return verdict;
    });
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#after(delayMs, resolve));
  }
}

/** A simulated process was killed while it was awaited. */
export class ProcessDied extends Error {
  constructor() {
    super("The simulated process was killed.");
    this.name = "ProcessDied";
  }
}
