import { canonicalJson } from "../value/canonical-json.ts";
import type { Json } from "../value/json.ts";
import type { Id, Plan, Task } from "./plan.ts";
import { pointer, type PlanFault } from "./plan-fault.ts";
import { isObject } from "./shape.ts";
import { validatePlan } from "./validate.ts";

type Tasks = Readonly<Record<Id, Task>>;
type Unchecked = Readonly<Record<Id, unknown>>;

/** Where the plan does not say. */
const mostTasks = 100_000;

/** A plan with the tasks that a run has added to it: what a further addition is checked against, in time in proportion to that. */
export class GrowingPlan {
  readonly #plan: Plan;
  readonly #added = new Map<Id, Task>();
  /** Task by trigger. */
  readonly #triggers = new Map<Id, Id>();
  /** Group by member. */
  readonly #groups = new Map<Id, Id>();
  #size = 0;

  /** @param plan a valid one */
  constructor(plan: Plan) {
    this.#plan = plan;
    this.#index(plan.tasks);
  }

  task(id: Id): Task | undefined {
    return this.#added.get(id) ?? (Object.hasOwn(this.#plan.tasks, id) ? this.#plan.tasks[id] : undefined);
  }

  /** Whether just this task is there: to add it once more changes nothing. */
  has(id: Id, task: unknown): boolean {
    const known = this.task(id);
    return known !== undefined && sameTask(known, task);
  }

  add(tasks: Tasks): void {
    for (const [id, task] of Object.entries(tasks)) this.#added.set(id, task);
    this.#index(tasks);
  }

  /**
   * Everything that is wrong with the plan if these tasks are added to it; empty when they may be.
   *
   * @param reserved what others are about to add: its ids and triggers are taken
   */
  faults(tasks: Unchecked, reserved: ReadonlyMap<Id, Task>): readonly PlanFault[] {
    const faults = [...validatePlan(this.#whole(tasks) ? this.#with(tasks) : this.#around(tasks))];
    const taken = new Map<Id, Id>();
    for (const [id, { when }] of reserved) if (!Object.hasOwn(tasks, id)) for (const trigger of when) taken.set(trigger.id, id);
    for (const [id, task] of Object.entries(tasks)) {
      const path = pointer("/tasks", id);
      const other = this.task(id) ?? reserved.get(id);
      if (other !== undefined && !(reserved.has(id) && sameTask(other, task))) faults.push(duplicateTask(path, id));
      for (const [index, trigger] of idsOf(isObject(task) ? task.when : undefined, "id")) {
        const owner = this.#triggers.get(trigger) ?? taken.get(trigger);
        if (owner !== undefined && owner !== id) faults.push(duplicateTrigger(`${path}/when/${index}/id`, trigger, owner));
      }
      for (const [index, member] of membersOf(task))
        if (this.task(member) !== undefined) faults.push(lateMember(`${path}/does/group/${index}`, id, member));
    }
    const most = this.#plan.limits?.tasks ?? mostTasks;
    const size = this.#size + new Set([...Object.keys(tasks), ...reserved.keys()]).size;
    if (size > most) faults.push(tooMany(size, most));
    return faults;
  }

  /** In an eager plan, who else writes a `value` channel, and comes before or after, only the whole plan tells. */
  #whole(tasks: Unchecked): boolean {
    if (this.#plan.discipline !== "eager") return false;
    const channels = this.#plan.channels ?? {};
    return Object.values(tasks).some(
      (task) =>
        isObject(task) &&
        Array.isArray(task.writes) &&
        task.writes.some((id) => typeof id === "string" && Object.hasOwn(channels, id) && channels[id]?.kind === "value"),
    );
  }

  #with(tasks: Unchecked): unknown {
    return { ...this.#plan, tasks: { ...this.#plan.tasks, ...Object.fromEntries(this.#added), ...tasks } };
  }

  /** A plan of these tasks alone, with those that they name, as far as it matters where these are at home. */
  #around(tasks: Unchecked): unknown {
    const { heddle, name, discipline, channels } = this.#plan;
    const named: Record<Id, unknown> = {};
    const groups = new Map<Id, Id[]>();
    const mention = (id: Id): void => {
      if (Object.hasOwn(tasks, id) || Object.hasOwn(named, id) || this.task(id) === undefined) return;
      named[id] = { does: { use: "there" }, when: [] };
      const group = this.#groups.get(id);
      if (group === undefined || Object.hasOwn(tasks, group)) return;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [id]);
      else members.push(id);
    };
    for (const task of Object.values(tasks)) {
      if (!isObject(task)) continue;
      for (const [, member] of membersOf(task)) mention(member);
      if (!Array.isArray(task.when)) continue;
      for (const trigger of task.when as unknown[])
        for (const [, from] of idsOf(isObject(trigger) ? trigger.after : undefined, "from")) mention(from);
    }
    for (const [group, members] of groups) named[group] = { does: { group: members, policy: { use: "there" } }, when: [] };
    return { heddle, name, discipline, ...(channels === undefined ? {} : { channels }), tasks: { ...named, ...tasks } };
  }

  #index(tasks: Tasks): void {
    for (const [id, { does, when }] of Object.entries(tasks)) {
      this.#size += 1;
      for (const trigger of when) this.#triggers.set(trigger.id, id);
      if ("group" in does) for (const member of does.group) this.#groups.set(member, id);
    }
  }
}

/** The texts under a key of what a list holds, with their places. */
function idsOf(list: unknown, key: string): [index: number, id: Id][] {
  if (!Array.isArray(list)) return [];
  return (list as unknown[]).flatMap((each, index): [number, Id][] => {
    const id = isObject(each) ? each[key] : undefined;
    return typeof id === "string" ? [[index, id]] : [];
  });
}

function membersOf(task: unknown): [index: number, id: Id][] {
  const group = isObject(task) && isObject(task.does) ? task.does.group : undefined;
  if (!Array.isArray(group)) return [];
  return (group as unknown[]).flatMap((member, index): [number, Id][] => (typeof member === "string" ? [[index, member]] : []));
}

function sameTask(one: Task, other: unknown): boolean {
  try {
    return canonicalJson(one as unknown as Json) === canonicalJson(other as Json);
  } catch {
    return false;
  }
}

function duplicateTask(path: string, id: Id): PlanFault {
  return {
    path,
    code: "duplicate-task",
    message: `There is another task "${id}" already, or about to be added.`,
    mend: "Give the new one another name, such as one with the name of what adds it.",
  };
}

function duplicateTrigger(path: string, trigger: Id, owner: Id): PlanFault {
  return {
    path,
    code: "duplicate-trigger",
    message: `Trigger "${trigger}" has the name of one of "${owner}".`,
    mend: "Give it another name.",
  };
}

function lateMember(path: string, group: Id, member: Id): PlanFault {
  return {
    path,
    code: "late-member",
    message: `Group "${group}" lists "${member}", which is at home elsewhere already.`,
    mend: "Group only tasks that are added with the group.",
  };
}

function tooMany(size: number, most: number): PlanFault {
  return {
    path: "/tasks",
    code: "too-many-tasks",
    message: `The plan would have ${size} tasks, and at most ${most} are allowed.`,
    mend: "Raise limits.tasks if that is meant.",
  };
}
