import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Command, Plan, RunEvent, RunFact } from "@heddle/kernel";
import { createOracle, oracleAdvance } from "./oracle/oracle.ts";
import { plain } from "./oracle/plain.ts";

/** A Plan, and journals that it gives: each event with the commands that it makes due, worked out by hand from `docs/plan.md`. */
interface PlanFile {
  readonly plan: Plan;
  readonly runs: Readonly<
    Record<string, readonly (readonly [event: RunFact & { readonly atMs?: number }, commands: readonly Command[]])[]>
  >;
}

const folder = new URL("./plans/", import.meta.url);

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const { plan, runs } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as PlanFile;
  describe(file, () => {
    for (const [name, journal] of Object.entries(runs)) {
      test(`${name}: the naive interpreter`, () => {
        const run = createOracle(plan);
        for (const [at, [event, expected]] of journal.entries()) {
          const commands = oracleAdvance(run, { atMs: 0, ...event } as RunEvent);
          assert.deepEqual(plain(commands), plain(expected), `after event ${at + 1}, ${event.type}`);
        }
      });
    }
  });
}
