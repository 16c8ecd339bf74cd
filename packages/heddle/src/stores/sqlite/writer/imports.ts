import type { ImportVerdict, WholeRun } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { findRun, type FindRun } from "../sql/find-run.ts";
import { findTaken } from "../sql/find-taken.ts";
import { importRun } from "../sql/import-run.ts";
import type { RunStates } from "./run-states.ts";

/** Takes runs of another store, inside the writer's transaction. */
export class Imports {
  readonly #states: RunStates;
  readonly #find: FindRun;
  readonly #import: ReturnType<typeof importRun>;

  constructor(connection: Connection, states: RunStates) {
    this.#states = states;
    this.#find = findRun(connection);
    this.#import = importRun(connection);
  }

  import(runs: readonly WholeRun[]): ImportVerdict[] {
    return runs.map((whole) => {
      const row = findTaken(this.#find, whole.row);
      if (row !== null) return { status: "exists", row };
      this.#import(whole, this.#states.kindOf(whole.row));
      return { status: "imported" };
    });
  }
}
