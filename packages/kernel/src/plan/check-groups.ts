import type { PlanFault } from "./plan-fault.ts";
import { type Outline, taskPath } from "./plan-outline.ts";

/** The group that each task is a member of, by number; -1: none. A member that two groups list belongs to the first. */
export function checkGroups({ tasks, numbers }: Outline, faults: PlanFault[]): Int32Array {
  const parents = new Int32Array(tasks.length).fill(-1);
  for (const [group, task] of tasks.entries()) {
    const { id, members } = task;
    if (members === null) continue;
    for (const [index, member] of members.entries()) {
      if (member === null) continue;
      const number = numbers.get(member);
      if (number === undefined) {
        faults.push({
          path: `${taskPath(task)}/does/group/${index}`,
          code: "unknown-task",
          message: `Group "${id}" lists "${member}", but there is no such task.`,
          mend: "Correct the name, or add the task.",
        });
      } else if (parents[number] === group) {
        faults.push({
          path: `${taskPath(task)}/does/group/${index}`,
          code: "duplicate-member",
          message: `Group "${id}" lists "${member}" twice.`,
          mend: "List it once.",
        });
      } else if (parents[number] !== -1) {
        const other = tasks[parents[number]!]!.id;
        faults.push({
          path: `${taskPath(task)}/does/group/${index}`,
          code: "two-groups",
          message: `Task "${member}" is in the groups "${other}" and "${id}".`,
          mend: "Keep it in one of them; give the other a task of its own.",
        });
      } else parents[number] = group;
    }
  }
  checkGroupCycles(tasks, parents, faults);
  return parents;
}

/** Each task has one parent at most, so following parents either ends outside all groups or goes round one cycle. */
function checkGroupCycles(tasks: Outline["tasks"], parents: Int32Array, faults: PlanFault[]): void {
  const walkOf = new Int32Array(tasks.length); // the walk that came by first; 0: none yet
  for (let start = 0; start < tasks.length; start += 1) {
    let task = start;
    while (task !== -1 && walkOf[task] === 0) {
      walkOf[task] = start + 1;
      task = parents[task]!;
    }
    if (task === -1 || walkOf[task] !== start + 1) continue;
    const cycle = [tasks[task]!.id];
    for (let outer = parents[task]!; outer !== task; outer = parents[outer]!) cycle.push(tasks[outer]!.id);
    const [first] = cycle;
    const message =
      cycle.length === 1
        ? `Group "${first}" contains itself.`
        : `The groups ${cycle.map((id) => `"${id}"`).join(", ")} contain one another.`;
    faults.push({
      path: taskPath(tasks[task]!),
      code: "group-cycle",
      message,
      mend: "Take one of them out of the group that it is in.",
      cycle,
    });
  }
}
