import { type PlanFault, shown } from "./plan-fault.ts";
import { type EdgeOutline, type Outline, type TaskOutline, type TriggerOutline, triggerPath } from "./plan-outline.ts";
import { isObject } from "./shape.ts";

/** Every trigger by itself, and the names that it uses. Returns the edges that hold, as pairs of task numbers. */
export function checkTriggers(
  outline: Outline,
  parents: Int32Array,
  faults: PlanFault[],
): readonly (readonly [from: number, to: number])[] {
  const pairs: [number, number][] = [];
  const firstUse = new Map<string, string>();
  const types = new Set([...outline.channels.values()].flatMap(({ kind, type }) => (kind === "log" && type !== undefined ? [type] : [])));
  for (const [number, task] of outline.tasks.entries()) {
    for (const trigger of task.triggers) {
      checkUnique(trigger, task, firstUse, faults);
      if (trigger.kind === "control") checkJoin(trigger, task, faults);
      else if (parents[number] !== -1) faults.push(notAtRoot(trigger, task, outline.tasks[parents[number]!]!));
      if (trigger.kind === "data") checkSlots(trigger, task, types, faults);
      for (const edge of trigger.edges) {
        const from = checkEdge(edge, trigger, number, outline, parents, faults);
        if (from !== null) pairs.push([from, number]);
      }
    }
  }
  return pairs;
}

function checkUnique(trigger: TriggerOutline, task: TaskOutline, firstUse: Map<string, string>, faults: PlanFault[]): void {
  if (trigger.id === null) return;
  const first = firstUse.get(trigger.id);
  if (first === undefined) firstUse.set(trigger.id, task.id);
  else {
    faults.push({
      path: `${triggerPath(task, trigger)}/id`,
      code: "duplicate-trigger",
      message: `Two triggers are called "${trigger.id}": one of task "${first}" and one of "${task.id}".`,
      mend: `Trigger ids are unique in a plan; call this one "${task.id}.${trigger.index}", for example.`,
    });
  }
}

function notAtRoot(trigger: TriggerOutline, task: TaskOutline, group: TaskOutline): PlanFault {
  return {
    path: triggerPath(task, trigger),
    code: "not-at-root",
    message: `Task "${task.id}" is in the group "${group.id}", and ${trigger.kind === "data" ? "artifacts" : "the clock"} cannot start a member of a group.`,
    mend: "Move the trigger to the outermost group, or take the task out of the group.",
  };
}

function checkJoin(trigger: TriggerOutline, task: TaskOutline, faults: PlanFault[]): void {
  const { after, join } = trigger.raw;
  if (!Array.isArray(after)) return;
  if (after.length === 0) {
    if (join === "any" || typeof join === "number") {
      faults.push({
        path: `${triggerPath(task, trigger)}/join`,
        code: "join-without-edges",
        message: `A trigger without edges joins nothing, but its join is ${shown(join)}.`,
        mend: 'Make join "all", or add edges to "after".',
      });
    }
  } else if (typeof join === "number" && join > after.length) {
    faults.push({
      path: `${triggerPath(task, trigger)}/join`,
      code: "join-range",
      message: `The join waits for ${join} tokens but has ${after.length === 1 ? "one edge" : `${after.length} edges`}.`,
      mend: `Make it a number from 1 to ${after.length}, or "all".`,
    });
  }
}

/** The source's number, if the edge holds. */
function checkEdge(
  edge: EdgeOutline,
  trigger: TriggerOutline,
  to: number,
  outline: Outline,
  parents: Int32Array,
  faults: PlanFault[],
): number | null {
  const task = outline.tasks[to]!;
  if (edge.label !== undefined && edge.on !== "ok") {
    faults.push({
      path: `${triggerPath(task, trigger)}/after/${edge.index}/label`,
      code: "label-without-ok",
      message: `The edge from "${edge.from}" has the label ${shown(edge.label)} but is on ${shown(edge.on)}; only a task that completed takes a label.`,
      mend: 'Make "on" "ok", or take the label out.',
    });
  }
  const from = outline.numbers.get(edge.from);
  if (from === undefined) {
    faults.push({
      path: `${triggerPath(task, trigger)}/after/${edge.index}/from`,
      code: "unknown-task",
      message: `Task "${task.id}" comes after "${edge.from}", but there is no such task.`,
      mend: "Correct the name, or add the task.",
    });
    return null;
  }
  if (parents[from] === parents[to]) return from;
  faults.push({
    path: `${triggerPath(task, trigger)}/after/${edge.index}/from`,
    code: "edge-crosses-group",
    message: `Task "${task.id}", ${whereIs(to, outline, parents)}, comes after "${edge.from}", ${whereIs(from, outline, parents)}.`,
    mend: "Edges join members of one group: let the groups themselves come one after the other, or move one of the tasks.",
  });
  return null;
}

function whereIs(number: number, outline: Outline, parents: Int32Array): string {
  const parent = parents[number]!;
  return parent === -1 ? "which is in no group" : `which is in the group "${outline.tasks[parent]!.id}"`;
}

function checkSlots(trigger: TriggerOutline, task: TaskOutline, types: ReadonlySet<string>, faults: PlanFault[]): void {
  const { on, by, within, batch } = trigger.raw;
  if (!Array.isArray(on)) return;
  const path = triggerPath(task, trigger);
  const slots = on.map((slot: unknown) => (isObject(slot) ? slot : {}));
  const numbers = new Set(slots.map(({ slot }) => slot));
  if (numbers.size !== slots.length || slots.some((_, index) => !numbers.has(index))) {
    const found = slots.map(({ slot }) => shown(slot)).join(", ");
    faults.push({
      path: `${path}/on`,
      code: "slot-numbers",
      message: `The slots are numbered ${found}.`,
      mend: slots.length === 1 ? "Number the only slot 0." : `Number them 0 to ${slots.length - 1}, each once.`,
    });
  }
  for (const [index, slot] of slots.entries()) {
    if (typeof slot.type === "string" && !types.has(slot.type)) {
      faults.push({
        path: `${path}/on/${index}/type`,
        code: "unknown-type",
        message: `No log channel holds artifacts of type "${slot.type}".`,
        mend: `Add a channel { "kind": "log", "type": "${slot.type}" }, or correct the type.`,
      });
    }
    checkKey(slot, Array.isArray(by) && by.includes("key"), `${path}/on/${index}`, faults);
  }
  if (batch !== undefined && slots.length > 1) {
    faults.push({
      path: `${path}/batch`,
      code: "batch-slots",
      message: `A batch collects one slot, but the trigger has ${slots.length}.`,
      mend: "Take the batch out, or make a trigger per slot.",
    });
  }
  if (batch !== undefined && within !== undefined) {
    faults.push({
      path: `${path}/within`,
      code: "batch-within",
      message: "A batch ends by its own size or time, and nothing of it is dropped: `within` would do nothing.",
      mend: "Take `within` out, or the batch.",
    });
  }
}

function checkKey(slot: Readonly<Record<string, unknown>>, byKey: boolean, path: string, faults: PlanFault[]): void {
  if (byKey === (slot.key !== undefined)) return;
  faults.push({
    path: byKey ? path : `${path}/key`,
    code: "slot-key",
    message: byKey
      ? 'The trigger goes by "key", but this slot does not say what its key is.'
      : 'The slot has a key, but the trigger does not go by "key".',
    mend: byKey ? 'Give the slot a "key", or take "key" out of "by".' : 'Put "key" into "by", or take the key out of the slot.',
  });
}
