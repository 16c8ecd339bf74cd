import { HeddleError, type Clock, type Random, type RunStore } from "@heddle/kernel";
import type { Engine, EngineOptions } from "./engine.ts";
import { HeddleEngine } from "./heddle-engine.ts";
import { realClock } from "./real-clock.ts";
import { realRandom } from "./real-random.ts";

/** Where time, randomness and storage come from. Tests put their own in; everybody else leaves them out. */
export interface EngineParts {
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Open an engine on a store: `memory:` for this process only, `sqlite:PATH` for one file, `postgres://…` for many nodes (with the package `@heddle/postgres`). A ready-made store may be given instead of an address.
 *
 * @throws HeddleError `STORE_URL_INVALID`, `STORE_PACKAGE_MISSING`, `OPTION_INVALID`, `WORKFLOW_DUPLICATE`, and what opening the store throws
 */
export async function open(store: string | RunStore, options: EngineOptions & EngineParts = {}): Promise<Engine> {
  const parts = { clock: options.clock ?? realClock, random: options.random ?? realRandom };
  if (typeof store !== "string" && typeof store?.commit !== "function")
    throw new HeddleError(
      "STORE_URL_INVALID",
      `The store is ${store === undefined ? "missing" : "neither an address nor a store"}: use memory: or sqlite:PATH.`,
    );
  if (typeof store !== "string") return begun(store, options, parts);
  const own = await openStore(store, options);
  try {
    return await begun(own, options, parts);
  } catch (error) {
    await own[Symbol.asyncDispose]();
    throw error;
  }
}

async function begun(store: RunStore, options: EngineOptions, parts: Required<EngineParts>): Promise<Engine> {
  const engine = new HeddleEngine(store, options, parts);
  await engine.begin();
  return engine;
}

/**
 * Open a store by its address, without an engine on it.
 *
 * @throws HeddleError `STORE_URL_INVALID`, `STORE_PACKAGE_MISSING`, and what opening the store throws
 */
export async function openStore(address: string, { clock: given }: Pick<EngineParts, "clock"> = {}): Promise<RunStore> {
  const clock = given ?? realClock;
  // Each store is loaded where it is asked for.
  if (address === "memory:") return (await import("../stores/memory/memory-store.ts")).openMemoryStore({ clock });
  if (address.startsWith("sqlite:")) {
    const path = address.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
    if (path === "")
      throw new HeddleError(
        "STORE_URL_INVALID",
        'The store address "sqlite:" names no file: write sqlite:PATH, for example sqlite:heddle.db.',
      );
    const { openSqliteStore } = await import("../stores/sqlite/sqlite-store.ts");
    return openSqliteStore({ path, clock });
  }
  if (/^postgres(ql)?:/u.test(address)) {
    // By default it goes by the time of its server.
    return (await postgresAdapter()).openPostgresStore({ url: address, ...(given === undefined ? null : { clock: given }) });
  }
  throw new HeddleError("STORE_URL_INVALID", `The store address "${address}" is unknown: use memory:, sqlite:PATH or postgres://….`, {
    data: { address },
  });
}

interface PostgresAdapter {
  openPostgresStore(options: { readonly url: string; readonly clock?: Clock }): Promise<RunStore>;
}

/** A package of its own, so that only those who have such a server install a driver for it. */
async function postgresAdapter(): Promise<PostgresAdapter> {
  const name = "@heddle/postgres";
  try {
    return (await import(name)) as PostgresAdapter;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(name))) throw error;
    throw new HeddleError(
      "STORE_PACKAGE_MISSING",
      `Stores in PostgreSQL are in the package ${name}, which is not installed: npm install ${name}`,
      {
        data: { package: name },
        cause: error,
      },
    );
  }
}
