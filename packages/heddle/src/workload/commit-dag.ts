import { checkEdges } from "./check-edges.ts";
import type { RecordedTask, Workload } from "./workload.ts";
import { WorkloadFaults } from "./workload-fault.ts";

/**
 * A graph of commits, a JSON object `{ id, parents }` a line, ids being whole numbers: each becomes a task that takes a millisecond.
 *
 * @param name what the workload is called, and faults call it
 * @throws HeddleError `WORKLOAD_INVALID` with all faults in `data.faults`
 */
export function readCommitDag(text: string, name: string): Workload {
  const faults = new WorkloadFaults();
  const lines: number[] = [];
  const tasks: RecordedTask[] = [];
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    const task = readLine(line, `/${index + 1}`, faults);
    if (task === undefined) return;
    lines.push(index + 1);
    tasks.push(task);
  });
  checkEdges(tasks, (task) => `/${String(lines[task])}`, faults);
  faults.check(name);
  return { name, tasks };
}

function readLine(line: string, path: string, faults: WorkloadFaults): RecordedTask | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    faults.add("syntax", path, `The line is no JSON: ${(error as Error).message}`);
    return undefined;
  }
  const { id, parents } = (typeof value === "object" && value !== null ? value : {}) as {
    readonly id?: unknown;
    readonly parents?: unknown;
  };
  if (!isNumber(id)) {
    faults.add(id === undefined ? "missing-key" : "value", path, `It needs "id", a whole number from 0.`);
    return undefined;
  }
  if (!Array.isArray(parents) || !parents.every(isNumber)) {
    faults.add(parents === undefined ? "missing-key" : "value", path, `It needs "parents", a list of whole numbers from 0.`);
    return undefined;
  }
  return { id: `c${id}`, name: "commit", parents: [...new Set(parents.map((parent) => `c${parent}`))], runtimeMs: 1 };
}

function isNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
