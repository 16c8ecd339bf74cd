import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { contentHash, HeddleError, type Json, type Plan } from "@heddle/kernel";
import { compareStrategies, type StrategyRow } from "../../compare/compare-strategies.ts";
import { drawGantt } from "../../compare/draw-gantt.ts";
import { measureStrategies, type MeasuredRow } from "../../compare/measure-strategies.ts";
import { timeText } from "../../compare/time-scale.ts";
import type { PlannedWorkflow } from "../../engine/definition.ts";
import { explainHybrid } from "../../engine/dispatch/hybrid.ts";
import type { DispatchOptions } from "../../engine/dispatch/dispatch-options.ts";
import { loadWorkload } from "../../workload/load-workload.ts";
import { isWorkloadFile } from "../../workload/is-workload-file.ts";
import { workloadPlan } from "../../workload/workload-plan.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { loadDefinition } from "../load-definition.ts";
import { readArguments, readCount, usage } from "../read-arguments.ts";
import { readInput } from "../read-input.ts";
import { tinted } from "../text/style.ts";
import { printable } from "../text/text-width.ts";
import { validPlan } from "./validate.ts";

const options = {
  input: {
    type: "string",
    value: "JSON|@FILE|-",
    says: "Run it under each strategy with this input, and measure; without it time is simulated",
    short: "i",
  },
  places: { type: "string", value: "N", says: "Tasks under way at once. Default: the file's, else the processors of this machine" },
  svg: { type: "string", value: "FILE", says: "Draw what ran when into this file" },
  json: { type: "boolean", says: "One JSON object per strategy" },
} as const;

/** What is compared. */
interface Compared {
  readonly name: string;
  readonly plan: Plan;
  readonly dispatch: Omit<DispatchOptions, "strategy">;
  readonly workflow?: PlannedWorkflow;
  /** What it may call. */
  readonly others: readonly Workflow[];
}

export const compare: Command = {
  name: "compare",
  summary: "Compare the strategies on a DAG, a plan or a recorded workflow: a table and a Gantt chart",
  usage: "compare FILE[#export] [--input JSON|@FILE|-] [--places N] [--svg FILE] [--json]",
  group: "Check",
  options,
  examples: [
    [`compare pipeline.yaml --input '"some text"'`, "run a DAG under each strategy"],
    ["compare montage.json.gz --places 16 --svg gantt.svg", "a workflow in WfFormat, by its recorded times"],
    ["compare pipeline.yaml", "by the times that its tasks are expected to take"],
  ],
  notes: ["With --input the exit code is 1 when a run fails, or the strategies do not give the same result."],
  async run(io) {
    const { values, positionals } = readArguments(compare, options, io, { least: 1, most: 1 });
    const [file = ""] = positionals;
    const compared = await load(file, io);
    const places = readCount(compare, "--places", values.places, 1) ?? compared.dispatch.maxConcurrency;
    const dispatch = { ...compared.dispatch, ...(places === undefined ? null : { maxConcurrency: places }) };
    let rows: readonly (StrategyRow | MeasuredRow)[];
    if (values.input === undefined) rows = compareStrategies(compared.plan, { ...dispatch, durationsMs: withoutCode(compared.plan) });
    else if (compared.workflow === undefined) throw usage(compare, `${file} has no code that could run: leave --input out.`);
    else {
      const input = await readInput(values.input, "--input", io);
      rows = await measureStrategies(compared.workflow, input, {
        ...(places === undefined ? null : { maxConcurrency: places }),
        open: (given) => io.open("memory:", { ...given, workflows: [...(given.workflows ?? []), ...compared.others] }),
      });
    }
    rows = rows.map((row) => ({ ...row, bars: row.bars.filter(({ task }) => !isOwn(task)) }));
    if (values.svg !== undefined) await draw(rows, compared.name, resolve(io.cwd, values.svg), values.svg);
    const same = sameResults(rows);
    if (values.json) for (const row of rows) io.out(JSON.stringify(asJson(row)));
    else for (const line of linesOf(rows, compared, dispatch, values.input !== undefined, same, io)) io.out(line);
    return same === "same" ? exitCode.done : exitCode.failed;
  },
};

async function load(file: string, io: Io): Promise<Compared> {
  if (await isWorkloadFile(resolve(io.cwd, file))) {
    const workload = await loadWorkload(resolve(io.cwd, file));
    const { plan, tasks } = workloadPlan(workload);
    return { name: workload.name, plan, dispatch: { tasks }, others: [] };
  }
  const definition = await loadDefinition(file, io);
  if (definition.kind === "plan") {
    const plan = validPlan(definition.plan, definition.source);
    return { name: plan.name, plan, dispatch: {}, others: [] };
  }
  const { workflow } = definition;
  if (!("plan" in workflow)) {
    throw new HeddleError("USAGE", `${definition.source} is a durable function: strategies are for plans of several tasks.`, {
      data: { source: definition.source },
    });
  }
  const planned = workflow as PlannedWorkflow;
  const { strategy: _, ...dispatch } = planned.code.dispatch ?? { strategy: "work_queue" };
  const others = definition.workflows.filter((each) => each !== workflow);
  return { name: workflow.name, plan: planned.plan, dispatch, workflow: planned, others };
}

/** Tasks that Heddle adds gather what others made. */
function isOwn(task: string): boolean {
  return task.startsWith("__");
}

function withoutCode({ tasks }: Plan): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.keys(tasks).flatMap((task) => (isOwn(task) ? [[task, 0]] : [])));
}

async function draw(rows: readonly StrategyRow[], title: string, path: string, file: string): Promise<void> {
  try {
    await writeFile(path, drawGantt(rows, { title }));
  } catch (error) {
    throw new HeddleError("FILE_FAILED", `The chart cannot be written to ${file}: ${(error as Error).message}`, {
      cause: error,
      data: { file },
    });
  }
}

function sameResults(rows: readonly (StrategyRow | MeasuredRow)[]): "same" | "different" | "failed" {
  if (rows.some((row) => "error" in row)) return "failed";
  const results = new Set(rows.map((row) => ("result" in row ? contentHash((row.result ?? null) as Json) : "")));
  return results.size <= 1 ? "same" : "different";
}

function asJson({ bars, ...row }: StrategyRow | MeasuredRow): object {
  const { error, ...rest } = row as Partial<MeasuredRow>;
  return { ...rest, ...(error === undefined ? null : { error: (error as Error).message }), tasks: bars };
}

function* linesOf(
  rows: readonly (StrategyRow | MeasuredRow)[],
  { name, plan }: Compared,
  dispatch: Omit<DispatchOptions, "strategy">,
  measured: boolean,
  same: "same" | "different" | "failed",
  io: Io,
): Iterable<string> {
  const { style } = io;
  yield `${tinted(printable(name), "strong", style)}, ${measured ? "measured" : "simulated"}`;
  const table = [
    ["strategy", "makespan", "at once", "waited", "in line"],
    ...rows.map(({ strategy, makespanMs, peak, waits, waitedMs }) => [
      strategy,
      timeText(makespanMs),
      String(peak),
      String(waits),
      waits === 0 ? "-" : timeText(waitedMs),
    ]),
  ];
  const widths = (table[0] as string[]).map((_, column) => Math.max(...table.map((cells) => (cells[column] as string).length)));
  for (const [index, cells] of table.entries()) {
    const line = cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number)))
      .join("  ");
    yield `  ${index === 0 ? tinted(line, "dim", style) : line}`;
  }
  for (const { tasks, reason } of explainHybrid(plan, dispatch))
    if (!tasks.every(isOwn)) yield `  ${tinted("hybrid", "dim", style)} ${printable(reason)}`;
  for (const row of rows)
    if ("error" in row) yield `${tinted(style.glyphs.failed, "bad", style)} ${row.strategy}: ${printable((row.error as Error).message)}`;
  if (measured && same === "same") yield `${tinted(style.glyphs.done, "good", style)} The result is the same under each strategy.`;
  if (same === "different")
    yield `${tinted(style.glyphs.failed, "bad", style)} The results differ: what the tasks do depends on when they run.`;
}
