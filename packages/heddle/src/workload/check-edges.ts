import type { RecordedTask } from "./workload.ts";
import type { WorkloadFaults } from "./workload-fault.ts";

/**
 * Whether parents are there and nothing comes after itself. No recursion: recorded graphs are thousands of tasks deep.
 *
 * @param pathOf where a task, by its index, stands in the file
 */
export function checkEdges(tasks: readonly RecordedTask[], pathOf: (task: number) => string, faults: WorkloadFaults): void {
  const numbers = new Map<string, number>();
  tasks.forEach(({ id }, task) => {
    if (numbers.has(id)) faults.add("duplicate-id", pathOf(task), `The id "${id}" is that of an earlier task.`);
    else numbers.set(id, task);
  });
  const children: number[][] = tasks.map(() => []);
  const left = tasks.map(() => 0);
  tasks.forEach(({ parents }, task) => {
    for (const parent of parents) {
      const number = numbers.get(parent);
      if (number === undefined) {
        faults.add("unknown-task", pathOf(task), `It has the parent "${parent}", which is no task of the file.`);
        continue;
      }
      (children[number] as number[]).push(task);
      (left[task] as number)++;
    }
  });
  if (faults.all.length > 0) return;
  const ready = tasks.flatMap((_, task) => (left[task] === 0 ? [task] : []));
  for (let at = 0; at < ready.length; at++) {
    for (const child of children[ready[at] as number] as number[]) if (--(left[child] as number) === 0) ready.push(child);
  }
  const stuck = tasks.findIndex((_, task) => (left[task] as number) > 0);
  if (stuck === -1) return;
  const cycle = cycleFrom(stuck, tasks, numbers, left);
  faults.add(
    "cycle",
    pathOf(cycle[0] as number),
    `These tasks come after each other in a circle: ${cycle.map((task) => tasks[task]?.id).join(" -> ")}.`,
  );
}

/** Walk back along parents that wait, too, until a task comes again. */
function cycleFrom(from: number, tasks: readonly RecordedTask[], numbers: ReadonlyMap<string, number>, left: readonly number[]): number[] {
  const walked = new Map<number, number>();
  const way: number[] = [];
  let at = from;
  while (!walked.has(at)) {
    walked.set(at, way.length);
    way.push(at);
    const parents = (tasks[at] as RecordedTask).parents.map((id) => numbers.get(id) as number);
    at = parents.find((parent) => (left[parent] as number) > 0) as number;
  }
  return [at, ...way.slice(walked.get(at)).toReversed()];
}
