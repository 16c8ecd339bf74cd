// npm run write:plan-schema: writes the Plan's JSON Schema beside its code. A test fails when it is out of date.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planSchema } from "@heddle/kernel";

writeFileSync(
  join(import.meta.dirname, "..", "packages", "kernel", "src", "plan", "plan.schema.json"),
  `${JSON.stringify(planSchema, null, 2)}\n`,
);
