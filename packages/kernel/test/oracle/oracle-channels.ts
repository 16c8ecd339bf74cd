import type { Id, Json, RunEvent } from "@heddle/kernel";
import { refuse, type KeptEnd, type OracleActivation, type OracleRun } from "./oracle-state.ts";

/** Rule 21. `writers`: who wrote each `value` channel in this round so far. While the run is ending, what would be refused has no effect. */
export function applyWrites(
  run: OracleRun,
  { of, verbs }: KeptEnd,
  merged: Readonly<Record<Id, Json>>,
  writers: Map<Id, OracleActivation>,
): void {
  const ending = run.phase === "ending";
  for (const verb of verbs) {
    if (!("write" in verb)) continue;
    const fault = write(run, of, verb.write, verb.value, writers, merged);
    if (fault === "conflict" && !ending) {
      refuse("CHANNEL_CONFLICT", `two writers of ${verb.write}`, {
        channel: verb.write,
        tasks: [writers.get(verb.write)?.task ?? "", of.task],
      });
    }
    if (fault === "refused" && !ending)
      refuse("CHANNEL_WRITE_REFUSED", `${of.task} may not write this to ${verb.write}`, { channel: verb.write, task: of.task });
  }
}

function write(
  run: OracleRun,
  of: OracleActivation | null,
  id: Id,
  value: Json,
  writers: Map<Id, OracleActivation>,
  merged: Readonly<Record<Id, Json>>,
): "conflict" | "refused" | null {
  const channel = run.plan.channels !== undefined && Object.hasOwn(run.plan.channels, id) ? run.plan.channels[id] : undefined;
  const allowed = of === null ? undefined : run.tasks.get(of.task)?.writes;
  if (channel === undefined || channel.kind === "log" || (allowed !== undefined && !allowed.includes(id))) return "refused";
  const before = run.channels.get(id);
  switch (channel.kind) {
    case "append":
      run.channels.set(id, [...(before as readonly Json[]), value]);
      return null;
    case "sum":
      if (typeof value !== "number" || !Number.isFinite((before as number) + value)) return "refused";
      run.channels.set(id, (before as number) + value);
      return null;
    case "put":
      if (typeof value !== "object" || value === null || Array.isArray(value)) return "refused";
      run.channels.set(id, { ...(before as { [key: string]: Json }), ...(value as { [key: string]: Json }) });
      return null;
    case "last":
      run.channels.set(id, value);
      return null;
    case "keyed": {
      const after = keyedAfter(before as readonly Item[], value, channel.key);
      if (after === null) return "refused";
      run.channels.set(id, after);
      return null;
    }
    case "value":
    case "ephemeral": {
      const writer = writers.get(id);
      if (writer !== undefined && writer !== of) return "conflict";
      if (of !== null) writers.set(id, of);
      run.channels.set(id, value);
      return null;
    }
    case "fold": {
      const whole = Object.hasOwn(merged, id) ? merged[id] : undefined;
      if (whole === undefined) return "refused";
      run.channels.set(id, whole);
      return null;
    }
  }
}

/** Rule 34. */
export function writeFromOutside(run: OracleRun, event: Extract<RunEvent, { type: "channels-written" }>): void {
  for (const { channel, value } of event.writes) write(run, null, channel, value, new Map(), event.merged ?? {});
}

interface Item {
  readonly [field: string]: Json;
}

/** The list after a write to a `keyed` channel; null: it is none. */
function keyedAfter(before: readonly Item[], write: Json, field: string): readonly Item[] | null {
  if (!isObject(write)) return null;
  const { clear, remove = [], put = [], ...rest } = write;
  if (Object.keys(rest).length > 0 || (clear !== undefined && clear !== true) || !Array.isArray(remove) || !Array.isArray(put)) return null;
  if (remove.some((key) => typeof key !== "string" && typeof key !== "number")) return null;
  if (put.some((item) => !isObject(item) || !Object.hasOwn(item, field) || !["string", "number"].includes(typeof item[field]))) return null;
  let list = clear === true ? [] : [...before];
  for (const key of remove) list = list.filter((item) => item[field] !== key);
  for (const item of put as Item[]) {
    const place = list.findIndex((one) => one[field] === item[field]);
    if (place === -1) list.push(item);
    else list[place] = item;
  }
  return list;
}

function isObject(value: Json): value is Item {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Rule 21: a round's close takes away what the round before wrote for one round only. */
export function emptyEphemerals(run: OracleRun): void {
  for (const [id, { kind }] of Object.entries(run.plan.channels ?? {})) if (kind === "ephemeral") run.channels.delete(id);
}
