import type { RunPart, RunStore } from "@heddle/kernel";
import type { FakeClock } from "@heddle/testing";

const writing = new Set<string | symbol>([
  "commit",
  "claim",
  "heartbeat",
  "reapDeadNodes",
  "leave",
  "setStatus",
  "delete",
  "compact",
  "sweep",
  "putBlob",
]);

/** A store on a disk that takes its time to flush: what is there when a flush begins goes with it, the rest waits for the next. */
export class SlowDisk {
  readonly #clock: FakeClock;
  readonly #flushMs: number;
  #filling: (() => Promise<void>)[] = [];
  #flushing = false;
  /** Flushes so far. */
  flushes = 0;
  /** Parts of runs in each commit. */
  readonly parts: (readonly RunPart[])[] = [];
  /** The longest time between two heartbeats of a node that were on the disk. */
  longestSilenceMs = 0;
  readonly #heard = new Map<string, number>();

  constructor(clock: FakeClock, flushMs: number) {
    this.#clock = clock;
    this.#flushMs = flushMs;
  }

  readonly wrap = (store: RunStore): RunStore =>
    new Proxy(store, {
      get: (target, name): unknown => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        if (!writing.has(name)) return method.bind(target);
        return (...parameters: unknown[]) => this.#write(name, parameters, () => Reflect.apply(method, target, parameters) as unknown);
      },
    });

  #write(name: string | symbol, parameters: readonly unknown[], call: () => unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#filling.push(async () => {
      if (name === "commit") this.parts.push((parameters[0] as { parts?: readonly RunPart[] }).parts ?? []);
      if (name === "heartbeat") this.#hear(parameters[0] as string);
      await Promise.resolve(call()).then(resolve, reject);
    });
    if (!this.#flushing) this.#flush();
    return promise;
  }

  #flush(): void {
    this.#flushing = true;
    const group = this.#filling;
    this.#filling = [];
    this.#clock.after(this.#flushMs, () => {
      this.flushes++;
      this.#flushing = false;
      void Promise.all(group.map((call) => call())).then(() => {
        if (!this.#flushing && this.#filling.length > 0) this.#flush();
      });
    });
  }

  #hear(node: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.longestSilenceMs = Math.max(this.longestSilenceMs, nowMs - (this.#heard.get(node) ?? nowMs));
    this.#heard.set(node, nowMs);
  }
}
