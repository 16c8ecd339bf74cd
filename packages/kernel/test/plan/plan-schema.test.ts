import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { planSchema, validatePlan, type Json, type PlanFaultCode } from "@heddle/kernel";
import fc from "fast-check";
import { Dice } from "../oracle/dice.ts";
import { randomPlan, randomTemper } from "../oracle/random-plan.ts";
import { schemaFaults } from "./json-schema-check.ts";
import "../seeded.ts";

const folder = join(import.meta.dirname, "..");

/** Faults that a schema can see, since one place is enough to see them. */
const seen = new Set<PlanFaultCode>(["value", "missing-key", "unknown-key", "id", "retry-policy"]);

test("the published schema is the one that the code has: run `npm run write:plan-schema` when it is not", () => {
  const published: unknown = JSON.parse(readFileSync(join(folder, "..", "src", "plan", "plan.schema.json"), "utf8"));
  assert.deepEqual(published, planSchema);
});

test("the schema takes the hand-written plans", () => {
  const files = readdirSync(join(folder, "plans")).filter((name) => name.endsWith(".json"));
  assert.ok(files.length >= 8);
  for (const file of files) {
    const { plan } = JSON.parse(readFileSync(join(folder, "plans", file), "utf8")) as { readonly plan: unknown };
    assert.deepEqual(schemaFaults(planSchema, plan), [], file);
  }
});

test("the schema takes and refuses what the validator does, where one place is enough to see it", () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer(),
      fc.oneof(fc.jsonValue(), fc.constantFrom("all", "ok", 0, 1, -1, [], {}, "a b", null)),
      (seed, place, other) => {
        const dice = new Dice(seed);
        const plan = broken(randomPlan(dice, randomTemper(dice)) as unknown as Json, new Dice(place), other as Json);
        const fits = validatePlan(plan).every(({ code }) => !seen.has(code));
        if (!fits) refused += 1;

        assert.equal(schemaFaults(planSchema, plan).length === 0, fits, JSON.stringify([plan, validatePlan(plan)], null, 1));
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(refused > 500, `${refused} of 2,000 were broken`);
});

test("every name in the schema is used and explained", () => {
  const text = JSON.stringify(planSchema);
  for (const [name, definition] of Object.entries(planSchema.$defs as Record<string, { readonly description?: string }>)) {
    assert.ok(text.includes(`"#/$defs/${name}"`), name);
    assert.match(definition.description ?? "", /\.$/, name);
  }
});

/** The value with one part of it, chosen by the dice, replaced, taken out or given a stranger. */
function broken(value: Json, dice: Dice, other: Json): Json {
  if (typeof value !== "object" || value === null || dice.chance(0.12)) return other;
  if (Array.isArray(value)) {
    if (value.length === 0 || dice.chance(0.1)) return [...(value as Json[]), other];
    const index = dice.whole(0, value.length - 1);
    return (value as Json[]).map((item, place) => (place === index ? broken(item, dice, other) : item));
  }
  const entries = Object.entries(value as { readonly [key: string]: Json });
  if (entries.length === 0 || dice.chance(0.1))
    return { ...(value as object), [dice.pick(["stranger", "id", "join", "label", "idle", "policy", "retry"])]: other };
  const [key] = dice.pick(entries);
  if (dice.chance(0.1)) return Object.fromEntries(entries.filter(([name]) => name !== key));
  return Object.fromEntries(entries.map(([name, part]) => [name, name === key ? broken(part, dice, other) : part]));
}
