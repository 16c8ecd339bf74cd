import { pointer, type PlanFault } from "./plan-fault.ts";
import { type Outline, taskPath } from "./plan-outline.ts";
import { isObject } from "./shape.ts";
import { itemKey } from "./item-key.ts";
import type { Json } from "../value/json.ts";

/** Channels and tasks that are named where something is written or given out. */
export function checkChannels(plan: Readonly<Record<string, unknown>>, outline: Outline, faults: PlanFault[]): void {
  for (const task of outline.tasks) {
    if (task.writes === null) continue;
    for (const [index, channel] of task.writes.entries()) {
      if (channel !== null) checkChannel(channel, `Task "${task.id}" writes`, `${taskPath(task)}/writes/${index}`, outline, faults);
    }
  }
  if (isObject(plan.channels)) {
    for (const [id, channel] of Object.entries(plan.channels)) {
      if (isObject(channel)) checkKind(channel, plan.discipline, pointer("/channels", id), `Channel "${id}"`, faults);
    }
  }
  if (isObject(plan.output)) checkOutput(plan.output, outline, faults);
  if (isObject(plan.limits) && plan.limits.rounds !== undefined && plan.discipline === "eager") {
    faults.push({
      path: "/limits/rounds",
      code: "rounds-in-eager",
      message: "An eager plan has no rounds to limit.",
      mend: "Limit activations, or make the plan a superstep plan.",
    });
  }
}

function checkKind(channel: Readonly<Record<string, unknown>>, discipline: unknown, path: string, name: string, faults: PlanFault[]): void {
  if (channel.kind === "ephemeral" && discipline === "eager") {
    faults.push({
      path: `${path}/kind`,
      code: "ephemeral-in-eager",
      message: `${name} holds what the last round wrote, and an eager plan has no rounds.`,
      mend: "Give it another kind, or make the plan a superstep plan.",
    });
  }
  if (channel.kind !== "keyed" || typeof channel.key !== "string" || !Array.isArray(channel.initial)) return;
  const keys = new Set<string | number>();
  for (const [index, item] of channel.initial.entries()) {
    const key = itemKey(item as Json, channel.key);
    if (key === undefined || keys.has(key)) {
      faults.push({
        path: `${path}/initial/${index}`,
        code: "keyed-initial",
        message:
          key === undefined
            ? `${name} begins with something that is no object with a text or a number as its "${channel.key}".`
            : `${name} begins with two objects whose "${channel.key}" is ${JSON.stringify(key)}.`,
        mend: `Give each object a "${channel.key}" of its own.`,
      });
    }
    if (key !== undefined) keys.add(key);
  }
}

function checkOutput(output: Readonly<Record<string, unknown>>, outline: Outline, faults: PlanFault[]): void {
  if (typeof output.task === "string" && !outline.numbers.has(output.task)) {
    faults.push({
      path: "/output/task",
      code: "unknown-task",
      message: `The output is that of "${output.task}", but there is no such task.`,
      mend: "Correct the name, or add the task.",
    });
  }
  if (!Array.isArray(output.channels)) return;
  for (const [index, channel] of output.channels.entries()) {
    if (typeof channel === "string") checkChannel(channel, "The output holds", pointer("/output/channels", index), outline, faults);
  }
}

function checkChannel(channel: string, use: string, path: string, outline: Outline, faults: PlanFault[]): void {
  const found = outline.channels.get(channel);
  if (found === undefined) {
    faults.push({
      path,
      code: "unknown-channel",
      message: `${use} "${channel}", but there is no such channel.`,
      mend: "Correct the name, or add the channel.",
    });
  } else if (found.kind === "log") {
    faults.push({
      path,
      code: "log-channel",
      message: `${use} "${channel}", which is a log of artifacts and has no value.`,
      mend: "Artifacts are published, not written; use a channel of another kind for values.",
    });
  }
}
