import type { ControlTrigger, DataTrigger, Edge, Schedule, Trigger } from "./plan.ts";

/** A trigger in a few words: `after any of a, b (failed)`, `on 2 note by corr`, `every 5s, 3 times`. */
export function describeTrigger(trigger: Trigger): string {
  if ("after" in trigger) return describeControl(trigger);
  return "on" in trigger ? describeData(trigger) : describeSchedule(trigger.at);
}

/** What an edge waits for, beside its source; empty for the plain end of a task. */
export function describeEdge({ on, label }: Edge): string {
  if (label !== undefined) return label;
  return on === "ok" ? "" : on;
}

/** A length of time as people write it, exactly. */
export function describeMs(milliseconds: number): string {
  const units = [
    [604_800_000, "w"],
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "m"],
    [1_000, "s"],
  ] as const;
  for (const [size, unit] of units) if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  return `${milliseconds}ms`;
}

function describeControl({ after, join, untaken, idle }: ControlTrigger): string {
  const edges = after.map((edge) => (describeEdge(edge) === "" ? edge.from : `${edge.from} (${describeEdge(edge)})`));
  const how = after.length < 2 || join === "all" ? "" : join === "any" ? "any of " : `${join} of `;
  const start = after.length === 0 ? "at the start" : `after ${how}${edges.join(", ")}`;
  return `${start}${untaken === "skip" && after.length > 0 ? ", or skipped" : ""}${idle === true ? ", when idle" : ""}`;
}

function describeData({ on, by, within, batch }: DataTrigger): string {
  const slots = on.map(
    ({ type, count, where }) => `${count === 1 ? "" : `${count} `}${type}${where === undefined ? "" : ` where ${where.use}`}`,
  );
  const parts = [`on ${slots.join(" and ")}${by.length === 0 ? "" : ` by ${by.join(", ")}`}`];
  if (batch?.size !== undefined) parts.push(`${batch.size} at a time`);
  if (batch?.ms !== undefined) parts.push(`gathered for ${describeMs(batch.ms)}`);
  if (within?.ms !== undefined) parts.push(`within ${describeMs(within.ms)}`);
  if (within?.count !== undefined) parts.push(`within ${within.count} artifacts`);
  return parts.join(", ");
}

function describeSchedule(schedule: Schedule): string {
  if ("afterMs" in schedule) return `${describeMs(schedule.afterMs)} after the start`;
  if ("everyMs" in schedule)
    return `every ${describeMs(schedule.everyMs)}${schedule.times === undefined ? "" : `, ${schedule.times} times`}`;
  const date = new Date(schedule.atMs);
  return `at ${Number.isNaN(date.getTime()) ? schedule.atMs : date.toISOString()}`;
}
