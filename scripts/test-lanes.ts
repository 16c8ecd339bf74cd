import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The lanes. `fast` runs on every change; `slow` is chaos, soak, long properties and benches; `sample` is the slow lane
 * with small counts, for CI. A file asks for its counts with `HEDDLE_SLOW`: unset, `"sample"` or `"1"`.
 */
export type Lane = "fast" | "sample" | "slow";

const folders = ["packages/*/test", "examples/*/test", "scripts/test", "bench"];

/** Environment of a lane's tests. The seed is a whole number; the slow lanes print it, and the same seed does the same again. */
export function laneEnvironment(lane: Lane, seed: number): Record<string, string> {
  switch (lane) {
    case "fast":
      return {};
    case "sample":
      return { HEDDLE_SLOW: "sample", HEDDLE_SEED: String(seed) };
    case "slow":
      return { HEDDLE_SLOW: "1", HEDDLE_SEED: String(seed) };
    default:
      return lane satisfies never;
  }
}

/** Test files of a lane under `root`, sorted, whose path contains one of `filters` (none: all). */
export function laneFiles(root: string, lane: Lane, filters: readonly string[]): string[] {
  const found = (suffix: string): string[] => folders.flatMap((folder) => globSync(`${folder}/**/*.${suffix}.ts`, { cwd: root }));
  const files = lane === "fast" ? found("test") : [...found("slow"), ...found("test").filter((file) => scales(join(root, file)))];
  return files.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter))).sort();
}

/** Whether some of these files run on PostgreSQL where `HEDDLE_POSTGRES` says that there is one. */
export function wantsPostgres(root: string, files: readonly string[]): boolean {
  return files.some((file) => /HEDDLE_POSTGRES|engines\.ts|places\.ts|@heddle\/postgres/u.test(readFileSync(join(root, file), "utf8")));
}

/** A fast file that reads `HEDDLE_SLOW` has larger counts to offer. */
function scales(file: string): boolean {
  return readFileSync(file, "utf8").includes("HEDDLE_SLOW");
}
