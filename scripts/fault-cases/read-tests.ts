import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CaseTest, findCaseTests } from "./find-tests.ts";

/** The tests of fault cases in all packages, by file; those that run in several places stand in files of their own. */
export function readCaseTests(root: string): Map<string, readonly CaseTest[]> {
  const files = globSync("packages/*/test/**/*{.test,.slow,-cases}.ts", { cwd: root }).sort();
  return new Map(files.map((file) => [file, findCaseTests(readFileSync(join(root, file), "utf8"))]));
}
