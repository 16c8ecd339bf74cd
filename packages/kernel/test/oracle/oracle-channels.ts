import type { Id, Json } from "@heddle/kernel";
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
  of: OracleActivation,
  id: Id,
  value: Json,
  writers: Map<Id, OracleActivation>,
  merged: Readonly<Record<Id, Json>>,
): "conflict" | "refused" | null {
  const channel = run.plan.channels !== undefined && Object.hasOwn(run.plan.channels, id) ? run.plan.channels[id] : undefined;
  const allowed = run.tasks.get(of.task)?.writes;
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
    case "value": {
      const writer = writers.get(id);
      if (writer !== undefined && writer !== of) return "conflict";
      writers.set(id, of);
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
