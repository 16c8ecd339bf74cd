import { canonicalJson } from "../value/canonical-json.ts";
import type { Json } from "../value/json.ts";
import { describeTrigger } from "./describe-trigger.ts";
import { jsonDifference } from "./json-difference.ts";
import type { Id, Plan, Task, Trigger } from "./plan.ts";

/** Task ids before and after a rename. */
type Renames = ReadonlyMap<Id, Id>;

/**
 * What lies between two valid plans, a line each, for people; empty exactly when their hashes are equal.
 * A task that is gone and one that is new, and that do the same at the same place, are taken for one that was renamed.
 */
export function planDifference(was: Plan, is: Plan): string[] {
  const renames = renamesOf(was, is);
  const lines: string[] = [];
  for (const key of keysOf(was, is)) {
    if (key !== "tasks" && key !== "channels" && key !== "output") lines.push(...said(key, fieldOf(was, key), fieldOf(is, key)));
  }
  lines.push(...taskLines(was, is, renames));
  for (const id of keysOf(was.channels ?? {}, is.channels ?? {})) {
    const [before, after] = [fieldOf(was.channels ?? {}, id), fieldOf(is.channels ?? {}, id)];
    if (before === undefined) lines.push(`channel "${id}" was added: ${kindOf(after)}`);
    else if (after === undefined) lines.push(`channel "${id}" was removed`);
    else lines.push(...said(`channel "${id}"`, before, after));
  }
  const output = was.output !== undefined && "task" in was.output ? { task: renames.get(was.output.task) ?? was.output.task } : was.output;
  lines.push(...said("output", output, is.output));
  return lines;
}

function taskLines(was: Plan, is: Plan, renames: Renames): string[] {
  const lines: string[] = [];
  const kept: Id[] = [];
  for (const [id, task] of Object.entries(was.tasks)) {
    const name = renames.get(id) ?? id;
    const now = Object.hasOwn(is.tasks, name) ? is.tasks[name] : undefined;
    if (now === undefined) {
      lines.push(`task "${id}" was removed`);
      continue;
    }
    kept.push(name);
    if (name !== id) lines.push(`task "${id}" was renamed to "${name}"`);
    lines.push(...oneTask(name, renamed(task, id, renames), now));
  }
  const before = new Set(kept);
  for (const [id, task] of Object.entries(is.tasks)) {
    if (!before.has(id))
      lines.push(`task "${id}" was added: ${doesWhat(task)}${task.when.map((trigger) => `, ${describeTrigger(trigger)}`).join("")}`);
  }
  const order = Object.keys(is.tasks).filter((id) => before.has(id));
  const moved = order.findIndex((id, index) => id !== kept[index]);
  if (moved !== -1) lines.push(`tasks stand in another order: "${order[moved]}" now comes before "${kept[moved]}"`);
  return lines;
}

function oneTask(id: Id, was: Task, is: Task): string[] {
  if (was === is || canonicalJson(was as unknown as Json) === canonicalJson(is as unknown as Json)) return [];
  const lines: string[] = [];
  for (const key of keysOf(was, is)) if (key !== "when") lines.push(...said(`task "${id}": ${key}`, fieldOf(was, key), fieldOf(is, key)));
  const now = new Map(is.when.map((trigger) => [trigger.id, trigger]));
  const before = new Set(was.when.map((trigger) => trigger.id));
  for (const trigger of was.when) {
    const other = now.get(trigger.id);
    if (other === undefined) lines.push(`task "${id}": trigger "${trigger.id}" was removed: ${describeTrigger(trigger)}`);
    else lines.push(...oneTrigger(id, trigger, other));
  }
  for (const trigger of is.when)
    if (!before.has(trigger.id)) lines.push(`task "${id}": trigger "${trigger.id}" was added: ${describeTrigger(trigger)}`);
  const kept = was.when.map((trigger) => trigger.id).filter((trigger) => now.has(trigger));
  const order = is.when.map((trigger) => trigger.id).filter((trigger) => before.has(trigger));
  if (order.some((trigger, index) => trigger !== kept[index]))
    lines.push(`task "${id}": its triggers stand in another order: ${order.join(", ")}`);
  return lines;
}

function oneTrigger(task: Id, was: Trigger, is: Trigger): string[] {
  const [before, after] = [describeTrigger(was), describeTrigger(is)];
  const name = `task "${task}": trigger "${is.id}"`;
  if (before !== after) return [`${name} was: ${before}; is: ${after}`];
  return said(name, was as unknown as Json, is as unknown as Json);
}

/** The differences below a name, as lines. */
function said(name: string, before: Json | undefined, after: Json | undefined): string[] {
  return jsonDifference(before, after).map(({ path, was, is }) => `${name}${path} was ${was}, is ${is}`);
}

/** Tasks that are gone, with the new ones that are the same but for their name; only where there is one candidate each. */
function renamesOf(was: Plan, is: Plan): Renames {
  const gone = bySignature(was, is);
  const added = bySignature(is, was);
  const renames = new Map<Id, Id>();
  for (const [signature, [from, second]] of gone) {
    const [to, other] = added.get(signature) ?? [];
    if (from !== undefined && second === undefined && to !== undefined && other === undefined) renames.set(from, to);
  }
  return renames;
}

/** Tasks that only the first plan has, by what they are without their name. */
function bySignature(plan: Plan, other: Plan): Map<string, Id[]> {
  const found = new Map<string, Id[]>();
  for (const [id, task] of Object.entries(plan.tasks)) {
    if (Object.hasOwn(other.tasks, id)) continue;
    const signature = canonicalJson(renamed(task, id, new Map([[id, ""]])) as unknown as Json);
    const same = found.get(signature);
    if (same === undefined) found.set(signature, [id]);
    else same.push(id);
  }
  return found;
}

/** The task with other names for tasks; triggers that are called after their task follow it. */
function renamed(task: Task, id: Id, renames: Renames): Task {
  if (renames.size === 0) return task;
  const name = renames.get(id);
  const triggerId = (trigger: Id): Id =>
    name === undefined || (trigger !== id && !trigger.startsWith(`${id}.`)) ? trigger : `${name}${trigger.slice(id.length)}`;
  const does = "group" in task.does ? { ...task.does, group: task.does.group.map((member) => renames.get(member) ?? member) } : task.does;
  const when = task.when.map((trigger): Trigger => {
    if (!("after" in trigger)) return { ...trigger, id: triggerId(trigger.id) };
    return {
      ...trigger,
      id: triggerId(trigger.id),
      after: trigger.after.map((edge) => ({ ...edge, from: renames.get(edge.from) ?? edge.from })),
    };
  });
  return { ...task, does, when };
}

function doesWhat({ does }: Task): string {
  if ("use" in does) return `does "${does.use}"`;
  return "plan" in does ? `runs "${does.plan}"` : `groups ${does.group.join(", ")}`;
}

function kindOf(channel: Json | undefined): string {
  return String((channel as { readonly kind?: unknown } | undefined)?.kind);
}

function keysOf(one: object, other: object): Set<string> {
  return new Set([...Object.keys(one), ...Object.keys(other)]);
}

function fieldOf(from: object, key: string): Json | undefined {
  return Object.hasOwn(from, key) ? (from as Readonly<Record<string, Json>>)[key] : undefined;
}
