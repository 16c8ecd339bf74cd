import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunStore } from "@heddle/kernel";
import { FakeClock, storeAddress } from "@heddle/testing";
import { open, type Engine, type EngineOptions, type EngineParts } from "heddle";
import { openPostgresStore } from "@heddle/postgres";
import { openMemoryStore, openSqliteStore } from "heddle/internal";
import { kept } from "../kept-store.ts";

let schemas = 0;

/** A store that outlives its engines, for one test. */
export interface Place extends Disposable {
  /** Another engine on the same store: after the last was closed, or beside it. @param wrap what the engine sees of its store, where it has a `FakeClock` */
  open(options: EngineOptions & EngineParts, wrap?: Wrap): Promise<Engine>;
}

export type Wrap = (store: RunStore) => RunStore;

/** Where the engine's tests run: each test on each of these. */
export const places: readonly { readonly name: string; make(): Place }[] = [
  {
    name: "memory",
    make() {
      const store = openMemoryStore();
      const same: Wrap = (seen) => seen;
      return {
        open: (options, wrap = same) => open(wrap(kept(store)), options),
        [Symbol.dispose]: () => void store[Symbol.asyncDispose](),
      };
    },
  },
  {
    name: "sqlite",
    make() {
      const folder = mkdtempSync(join(tmpdir(), "heddle-engine-"));
      const path = join(folder, "heddle.db");
      return {
        open: async (options, wrap) =>
          options.clock instanceof FakeClock
            ? openHeld(await openSqliteStore({ path, clock: options.clock }), options, options.clock, wrap)
            : open(`sqlite:${path}`, options),
        [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  },
  ...postgresPlaces(process.env["HEDDLE_POSTGRES"]),
];

/** With the address of a server: each place is a schema of its own there. */
function postgresPlaces(address: string | undefined): { readonly name: string; make(): Place }[] {
  if (address === undefined) return [];
  const make = (): Place => {
    const url = storeAddress(address, `t${process.pid}_${++schemas}`);
    return {
      open: async (options, wrap) =>
        options.clock instanceof FakeClock
          ? openHeld(await openPostgresStore({ url, clock: options.clock }), options, options.clock, wrap)
          : open(url, options),
      [Symbol.dispose]: () => {},
    };
  };
  return [{ name: "postgres", make }];
}

export async function openHeld(
  store: RunStore,
  options: EngineOptions & EngineParts,
  clock: FakeClock,
  wrap: Wrap = (seen) => seen,
): Promise<Engine> {
  try {
    return await open(wrap(held(store, clock)), options);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** A store in whose calls no time passes: fake time does not run ahead of the disk and the thread that writes. */
function held(store: RunStore, clock: FakeClock): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, parameters);
        if (answer instanceof Promise) clock.hold(answer);
        return answer;
      };
    },
  });
}

/** A promise settled by hand. */
export function deferred<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}

export async function untilEvent(
  engine: Engine,
  runId: string,
  wanted: (event: { readonly type: string; readonly key?: string }) => boolean,
): Promise<void> {
  for await (const event of (await engine.get(runId)).events()) if (wanted(event)) return;
  throw new Error(`Run ${runId} ended before the event that was waited for.`);
}

export async function untilStatus(engine: Engine, runId: string, status: string): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    const run = (await engine.list({ limit: 1_000 })).find((each) => each.runId === runId);
    if (run?.status === status) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`Run ${runId} did not become ${status}; it is ${(await (await engine.get(runId)).summary()).status}.`);
}
