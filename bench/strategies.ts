// What each strategy makes of the recorded scientific workflows, in simulated time: makespans in seconds. Tests hold the simulation against real runs.
//   node bench/strategies.ts [--places N,N] [--write]
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareStrategies, loadWorkload, workloadPlan, type Strategy, type Workload } from "heddle";

const folder = join(import.meta.dirname, "../../shared/data/workflows");
const strategies: readonly Strategy[] = ["work_queue", "level", "reactive", "hybrid", "critical_path"];
const placesAt = process.argv.indexOf("--places");
const placesList = (placesAt < 0 ? "2,4,8,16" : (process.argv[placesAt + 1] ?? "")).split(",").map(Number);

/** No schedule on so many places is shorter, in seconds: all the work by places, or the longest way. */
function leastSeconds({ tasks }: Workload, places: number): number {
  const { plan, tasks: demands } = workloadPlan({ name: "w", tasks });
  const [alone] = compareStrategies(plan, { strategies: ["reactive"], maxConcurrency: tasks.length, tasks: demands });
  const totalMs = tasks.reduce((sum, { runtimeMs }) => sum + runtimeMs, 0);
  return Math.max(totalMs / places, alone?.makespanMs ?? 0) / 1_000;
}

function seconds(amount: number): string {
  return amount.toFixed(1);
}

function tableFor(places: number, workloads: readonly (readonly [file: string, Workload])[]): string[] {
  const sums = new Map<string, number>();
  const add = (column: string, amount: number): string => {
    sums.set(column, (sums.get(column) ?? 0) + amount);
    return seconds(amount);
  };
  const rows = workloads.map(([file, workload]) => {
    const { plan, tasks } = workloadPlan(workload);
    const least = add("least", leastSeconds(workload, places));
    const found = compareStrategies(plan, { maxConcurrency: places, tasks }).map(({ strategy, makespanMs }) =>
      add(strategy, makespanMs / 1_000),
    );
    return [file.replace(/\.json(\.gz)?$/, ""), String(workload.tasks.length), least, ...found];
  });
  const total = ["**sum**", String(workloads.reduce((sum, [, { tasks }]) => sum + tasks.length, 0))];
  for (const column of ["least", ...strategies]) total.push(`**${seconds(sums.get(column) ?? 0)}**`);
  const header = ["workflow", "tasks", "no schedule below", ...strategies];
  return [header, header.map((_, index) => (index === 0 ? "---" : "---:")), ...rows, total].map((cells) => `| ${cells.join(" | ")} |`);
}

if (!existsSync(folder)) {
  console.log(`There are no recorded workflows in ${folder}.`);
} else {
  const files = readdirSync(folder).filter((file) => /\d\.json(\.gz)?$|chameleon\.json$/.test(file) && !file.startsWith("wfcommons"));
  const workloads = await Promise.all(files.map(async (file) => [file, await loadWorkload(join(folder, file))] as const));
  const sections = placesList.map((places) => [`## On ${places} places`, "", ...tableFor(places, workloads)].join("\n"));
  const text = [
    "# Strategies on recorded workflows",
    "Makespans in seconds of simulated time, by the recorded time of each task, which the scheduler knows. Written by `node bench/strategies.ts --write`.\nNo schedule is shorter than all the work divided by the places, or than the longest way through the graph. The tests\n(`packages/heddle/test/workload`) run the same workflows on the real engine and find the same start of each task.",
    ...sections,
  ].join("\n\n");
  console.log(text);
  if (process.argv.includes("--write")) writeFileSync(join(import.meta.dirname, "STRATEGIES.md"), `${text}\n`);
}
