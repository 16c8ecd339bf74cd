import type { Id } from "./plan.ts";
import { pointer } from "./plan-fault.ts";
import { isObject } from "./shape.ts";

// What of a Plan is well enough shaped to be looked at as a whole. The parts that are not have their faults already,
// and are left out here, so that one slip does not hide the others.

export interface Outline {
  readonly superstep: boolean;
  readonly tasks: readonly TaskOutline[];
  /** Place in `tasks` by id. */
  readonly numbers: ReadonlyMap<Id, number>;
  /** Channels by id, with their kind and, for logs, artifact type. */
  readonly channels: ReadonlyMap<Id, { readonly kind: string; readonly type?: Id }>;
}

export interface TaskOutline {
  readonly id: Id;
  /** Members, if it is a group; null where a member is no text. */
  readonly members: readonly (Id | null)[] | null;
  readonly triggers: readonly TriggerOutline[];
  readonly writes: readonly (Id | null)[] | null;
}

export interface TriggerOutline {
  /** Place in `when`. */
  readonly index: number;
  readonly id: Id | null;
  readonly kind: "control" | "data" | "time";
  /** As written; its parts may be of any type. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly edges: readonly EdgeOutline[];
}

export interface EdgeOutline {
  /** Place in `after`. */
  readonly index: number;
  readonly from: Id;
  readonly on: unknown;
  readonly label: unknown;
}

export function taskPath({ id }: TaskOutline): string {
  return pointer("/tasks", id);
}

export function triggerPath(task: TaskOutline, { index }: TriggerOutline): string {
  return `${taskPath(task)}/when/${index}`;
}

export function outlineOf(plan: Readonly<Record<string, unknown>>): Outline {
  const tasks: TaskOutline[] = [];
  if (isObject(plan.tasks)) {
    for (const id of Object.keys(plan.tasks)) {
      const task = plan.tasks[id];
      if (isObject(task)) tasks.push(taskOutline(id, task));
    }
  }
  const channels = new Map<Id, { kind: string; type?: Id }>();
  for (const [id, channel] of isObject(plan.channels) ? Object.entries(plan.channels) : []) {
    if (!isObject(channel) || typeof channel.kind !== "string") continue;
    channels.set(id, { kind: channel.kind, ...(typeof channel.type === "string" ? { type: channel.type } : {}) });
  }
  return { superstep: plan.discipline === "superstep", tasks, numbers: new Map(tasks.map(({ id }, number) => [id, number])), channels };
}

function taskOutline(id: Id, task: Readonly<Record<string, unknown>>): TaskOutline {
  const { does, when, writes } = task;
  const triggers: TriggerOutline[] = [];
  if (Array.isArray(when)) {
    for (let index = 0; index < when.length; index += 1) {
      const trigger: unknown = when[index];
      if (!isObject(trigger)) continue;
      const kind = trigger.after !== undefined ? "control" : trigger.on !== undefined ? "data" : trigger.at !== undefined ? "time" : null;
      if (kind === null) continue;
      triggers.push({ index, id: typeof trigger.id === "string" ? trigger.id : null, kind, raw: trigger, edges: edgesOf(trigger.after) });
    }
  }
  return { id, members: isObject(does) ? namesOf(does.group) : null, triggers, writes: namesOf(writes) };
}

function edgesOf(after: unknown): EdgeOutline[] {
  const edges: EdgeOutline[] = [];
  if (!Array.isArray(after)) return edges;
  for (let index = 0; index < after.length; index += 1) {
    const edge: unknown = after[index];
    if (isObject(edge) && typeof edge.from === "string") edges.push({ index, from: edge.from, on: edge.on, label: edge.label });
  }
  return edges;
}

function namesOf(list: unknown): readonly (Id | null)[] | null {
  return Array.isArray(list) ? list.map((name: unknown) => (typeof name === "string" ? name : null)) : null;
}
