import { checkEdges } from "./check-edges.ts";
import type { RecordedTask, Workload } from "./workload.ts";
import { WorkloadFaults } from "./workload-fault.ts";

/** Versions of WfFormat that are read. */
const versions: ReadonlySet<string> = new Set(["1.5"]);

type Fields = Readonly<Record<string, unknown>>;
type Run = Omit<RecordedTask, "id" | "name" | "parents">;

/**
 * A workflow in WfFormat, the JSON format of the WfCommons project: its tasks and parents from the specification, times, cores and memory from the
 * execution. What is not needed is not looked at.
 *
 * @param source what faults call it
 * @throws HeddleError `WORKLOAD_INVALID` with all faults in `data.faults`
 */
export function readWfFormat(value: unknown, source: string = "The workflow"): Workload {
  const faults = new WorkloadFaults();
  const found = read(value, faults);
  faults.check(source);
  return found as Workload;
}

function read(value: unknown, faults: WorkloadFaults): Workload | undefined {
  if (!isFields(value)) {
    faults.add("value", "", "It is no object.");
    return undefined;
  }
  const { name, schemaVersion } = value;
  if (typeof schemaVersion !== "string" || !versions.has(schemaVersion)) {
    faults.add("version", "/schemaVersion", `The version of WfFormat is ${show(schemaVersion)}; read are: ${[...versions].join(", ")}.`);
  }
  if (typeof name !== "string" || name === "")
    faults.add(name === undefined ? "missing-key" : "value", "/name", "The workflow needs a name, a text.");
  const workflow = fieldsOf(value, "workflow", "", faults);
  const specification = workflow === undefined ? undefined : fieldsOf(workflow, "specification", "/workflow", faults);
  const execution = workflow === undefined ? undefined : fieldsOf(workflow, "execution", "/workflow", faults);
  if (specification === undefined || execution === undefined) return undefined;

  const runs = runsOf(execution, faults);
  const specified = listOf(specification, "tasks", "/workflow/specification", faults);
  const children = new Map<string, readonly string[]>();
  const tasks = specified.flatMap((each, index): RecordedTask[] => {
    const path = `/workflow/specification/tasks/${index}`;
    const task = fieldsIn(each, path, faults);
    const id = task === undefined ? undefined : textOf(task, "id", path, faults);
    if (task === undefined || id === undefined) return [];
    const parents = namesOf(task, "parents", path, faults);
    children.set(id, namesOf(task, "children", path, faults));
    const run = runs.get(id);
    if (run === undefined) faults.add("unmatched", path, `Task "${id}" has no record in /workflow/execution/tasks.`);
    runs.delete(id);
    return [{ id, name: textOf(task, "name", path, faults) ?? id, parents, ...(run ?? { runtimeMs: 0 }) }];
  });
  for (const id of runs.keys())
    faults.add("unmatched", "/workflow/execution/tasks", `The record of "${id}" is of no task of the specification.`);
  checkEdges(tasks, (task) => `/workflow/specification/tasks/${task}`, faults);
  if (faults.all.length === 0) checkChildren(tasks, children, faults);
  const makespan = execution["makespanInSeconds"];
  return {
    name: String(name),
    tasks,
    ...(typeof makespan === "number" && makespan >= 0 ? { makespanMs: makespan * 1_000 } : null),
  };
}

/** What ran, by id. */
function runsOf(execution: Fields, faults: WorkloadFaults): Map<string, Run> {
  const runs = new Map<string, Run>();
  listOf(execution, "tasks", "/workflow/execution", faults).forEach((each, index) => {
    const path = `/workflow/execution/tasks/${index}`;
    const run = fieldsIn(each, path, faults);
    const id = run === undefined ? undefined : textOf(run, "id", path, faults);
    if (run === undefined || id === undefined) return;
    if (runs.has(id)) faults.add("duplicate-id", path, `The id "${id}" is that of an earlier record.`);
    const seconds = amountOf(run, "runtimeInSeconds", path, faults);
    if (run["runtimeInSeconds"] === undefined) faults.add("missing-key", path, `The record of "${id}" has no runtimeInSeconds.`);
    const cores = amountOf(run, "coreCount", path, faults);
    const memoryBytes = amountOf(run, "memoryInBytes", path, faults);
    runs.set(id, {
      runtimeMs: (seconds ?? 0) * 1_000,
      ...(cores === undefined ? null : { cores }),
      ...(memoryBytes === undefined ? null : { memoryBytes }),
    });
  });
  return runs;
}

function checkChildren(tasks: readonly RecordedTask[], children: ReadonlyMap<string, readonly string[]>, faults: WorkloadFaults): void {
  const told = new Set([...children].flatMap(([id, each]) => each.map((child) => `${id} ${child}`)));
  tasks.forEach(({ id, parents }, task) => {
    for (const parent of parents) {
      if (told.delete(`${parent} ${id}`)) continue;
      faults.add("children", `/workflow/specification/tasks/${task}`, `It has the parent "${parent}", which does not have it as a child.`);
    }
  });
  for (const left of told) {
    const [parent, child] = left.split(" ");
    faults.add("children", "/workflow/specification/tasks", `"${parent}" has the child "${child}", which does not have it as a parent.`);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(of: Fields, key: string, path: string, faults: WorkloadFaults): Fields | undefined {
  if (of[key] === undefined) {
    faults.add("missing-key", path, `There is no "${key}".`);
    return undefined;
  }
  return fieldsIn(of[key], `${path}/${key}`, faults);
}

function fieldsIn(value: unknown, path: string, faults: WorkloadFaults): Fields | undefined {
  if (isFields(value)) return value;
  faults.add("value", path, `It is ${show(value)}, and must be an object.`);
  return undefined;
}

function listOf(of: Fields, key: string, path: string, faults: WorkloadFaults): readonly unknown[] {
  const list = of[key];
  if (Array.isArray(list)) return list as readonly unknown[];
  if (list === undefined) faults.add("missing-key", path, `There is no "${key}".`);
  else faults.add("value", `${path}/${key}`, `It is ${show(list)}, and must be a list.`);
  return [];
}

function namesOf(of: Fields, key: string, path: string, faults: WorkloadFaults): readonly string[] {
  const names = listOf(of, key, path, faults);
  if (names.every((name) => typeof name === "string")) return [...new Set(names)];
  faults.add("value", `${path}/${key}`, "It must be a list of ids.");
  return [];
}

function textOf(of: Fields, key: string, path: string, faults: WorkloadFaults): string | undefined {
  const text = of[key];
  if (typeof text === "string" && text !== "") return text;
  faults.add(text === undefined ? "missing-key" : "value", path, `It needs "${key}", a text.`);
  return undefined;
}

function amountOf(of: Fields, key: string, path: string, faults: WorkloadFaults): number | undefined {
  const amount = of[key];
  if (amount === undefined) return undefined;
  if (typeof amount === "number" && Number.isFinite(amount) && amount >= 0) return amount;
  faults.add("value", `${path}/${key}`, `It is ${show(amount)}, and must be a number from 0.`);
  return undefined;
}

function show(value: unknown): string {
  const text = value === undefined ? "missing" : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
