import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { advance, compilePlan, createRun, validatePlan, type Command, type Plan, type RunEvent, type RunFact } from "@heddle/kernel";
import { createOracle, oracleAdvance } from "./oracle/oracle.ts";
import { plain } from "./oracle/plain.ts";
import { commandOf, frozen } from "./oracle/side-by-side.ts";

/** A Plan, and journals that it gives: each event with the commands that it makes due, worked out by hand from `docs/plan.md`. */
interface PlanFile {
  readonly plan: Plan;
  readonly runs: Readonly<
    Record<string, readonly (readonly [event: RunFact & { readonly atMs?: number }, commands: readonly Command[]])[]>
  >;
}

const folder = new URL("./plans/", import.meta.url);

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const { plan, runs } = frozen(JSON.parse(readFileSync(new URL(file, folder), "utf8")) as PlanFile);

  describe(file, () => {
    test("the plan is valid", () => {
      assert.deepEqual(validatePlan(plan), []);
    });

    for (const [name, journal] of Object.entries(runs)) {
      test(name, () => {
        const run = createRun(compilePlan(plan));
        follow((event) => advance(run, event).map(commandOf), journal);
      });

      test(`${name}: the naive interpreter agrees`, () => {
        const run = createOracle(plan);
        follow((event) => oracleAdvance(run, event), journal);
      });
    }
  });
}

function follow(step: (event: RunEvent) => readonly Command[], journal: PlanFile["runs"][string]): void {
  for (const [at, [fact, expected]] of journal.entries()) {
    const event: RunEvent = { ...fact, atMs: fact.atMs ?? 0 };
    assert.deepEqual(plain(step(event)), plain(expected), `after event ${at + 1}, ${event.type}`);
  }
}
