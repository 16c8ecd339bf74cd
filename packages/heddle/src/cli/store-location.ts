import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { HeddleError } from "@heddle/kernel";
import type { Engine, EngineOptions } from "../engine/engine.ts";
import type { Option } from "./command.ts";
import type { Io } from "./io.ts";

export const storeOption = {
  type: "string",
  value: "URL",
  says: "Where runs are kept: sqlite:PATH, postgres://… or memory:. Default HEDDLE_STORE, else sqlite:.heddle/heddle.db",
} as const satisfies Option;

const defaultStore = "sqlite:.heddle/heddle.db";

/** The store's address: option, environment, default. */
export function storeUrl(option: string | undefined, io: Pick<Io, "env">): string {
  return option ?? (io.env.HEDDLE_STORE || defaultStore);
}

/** Open the store to run in; it is made where there is none. */
export async function openToRun(url: string, io: Io, options: EngineOptions): Promise<Engine> {
  const file = sqliteFile(url, io.cwd);
  if (file !== null) await makeFolder(dirname(file));
  return io.open(storeAddress(url, io), options);
}

/**
 * Open a store that is there, to look and to send; runs are not taken up.
 *
 * @throws HeddleError `STORE_UNAVAILABLE`: there is no such file
 */
export async function openToLook(url: string, io: Io): Promise<Engine> {
  checkThere(url, io);
  return io.open(storeAddress(url, io), { passive: true });
}

/** @throws HeddleError `STORE_UNAVAILABLE`: it would be a file, and there is none */
export function checkThere(url: string, io: Pick<Io, "cwd">): void {
  const file = sqliteFile(url, io.cwd);
  if (file === null || existsSync(file)) return;
  throw new HeddleError(
    "STORE_UNAVAILABLE",
    `There is no store ${url} yet: nothing has been run in this folder. Start a run, or name its store with --store.`,
    {
      data: { url, missing: true },
    },
  );
}

/** Path of a SQLite store's file, absolute; null for other stores. */
export function sqliteFile(url: string, cwd: string): string | null {
  return url.startsWith("sqlite:") ? resolve(cwd, url.slice("sqlite:".length)) : null;
}

/** The address with the path of a file from the root. */
export function storeAddress(url: string, io: Pick<Io, "cwd">): string {
  const file = sqliteFile(url, io.cwd);
  return file === null ? url : `sqlite:${file}`;
}

// What a run leaves behind belongs to no repository: the folder ignores itself.
async function makeFolder(folder: string): Promise<void> {
  const ignored = resolve(folder, ".gitignore");
  if (basename(folder) !== ".heddle" || existsSync(ignored)) return;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(ignored, "*\n");
  } catch {
    // Whatever is wrong with the place, opening the store there says it better.
  }
}
