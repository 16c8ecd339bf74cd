// npm run write:dag-schema: writes the JSON Schema of DAG files beside its code. A test fails when it is out of date.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dagSchema } from "heddle";

writeFileSync(
  join(import.meta.dirname, "..", "packages", "heddle", "src", "dag", "config", "dag.schema.json"),
  `${JSON.stringify(dagSchema, null, 2)}\n`,
);
