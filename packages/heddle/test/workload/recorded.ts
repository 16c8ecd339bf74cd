import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadWorkload, type Workload } from "heddle";

/** Recorded workflows lie beside the repository; they are not part of it. */
const folder = join(import.meta.dirname, "../../../../../shared/data");

/** Why tests of recorded workflows are skipped; false: they are there. */
export const missing: string | false = existsSync(join(folder, "workflows/expected.json")) ? false : `there is no ${folder}/workflows`;

/** What was counted in a file without any scheduler. Times in seconds. */
export interface Expected {
  readonly tasks: number;
  readonly edges: number;
  readonly depth: number;
  readonly level_sizes: readonly number[];
  readonly roots: number;
  readonly leaves: number;
  readonly total_runtime_s: number;
  readonly critical_path_s: number;
  readonly makespan_lower_bound_s: Readonly<Record<string, number>>;
  readonly graham_upper_bound_s: Readonly<Record<string, number>>;
}

export const expected: Readonly<Record<string, Expected>> =
  missing === false ? (JSON.parse(readFileSync(join(folder, "workflows/expected.json"), "utf8")) as Record<string, Expected>) : {};

/** The recorded scientific workflows, by file. */
export const workflowFiles: readonly string[] = Object.keys(expected);

export const commitFiles: readonly string[] = ["commit-dag-mcp-spec.jsonl.gz", "commit-dag-tigerbeetle.jsonl.gz"];

/** Times are rounded to whole milliseconds, at least one, so that sums in any order are the same. */
export async function recorded(file: string): Promise<Workload> {
  const workload = await loadWorkload(join(folder, file.startsWith("commit-dag") ? "dags" : "workflows", file));
  return { ...workload, tasks: workload.tasks.map((task) => ({ ...task, runtimeMs: Math.max(1, Math.round(task.runtimeMs)) })) };
}

/** As it stands in the file. */
export function asItIs(file: string): Promise<Workload> {
  return loadWorkload(join(folder, "workflows", file));
}
