import type { Command, Id, Json } from "@heddle/kernel";
import { endRun, keepEnd } from "./oracle-end.ts";
import { gateEmpty } from "./oracle-gates.ts";
import { deliver, deliverEnd, fireReady, halfFullJoins, joinRound, outEdges } from "./oracle-joins.ts";
import { kernelError, openActivations, rootOf, tasksOf, within, type OracleFrame, type OracleRun } from "./oracle-state.ts";

export function spawnDrained(run: OracleRun, key: string): void {
  const spawn = run.spawns.get(key);
  if (spawn === undefined) throw new Error("unknown spawn");
  run.spawns.delete(key);
  spawn.frame.drained.add(key);
  spawn.frame.items.set(spawn.task, spawn.values);
  for (const out of outEdges(run, spawn.task)) if (out.edge.on === "drained") deliver(run, spawn.frame, out, { taken: true, by: null });
}

export function workOffLine(run: OracleRun): void {
  for (let next = run.line.shift(); next !== undefined; next = run.line.shift()) {
    deliverEnd(run, next.frame, next.task, { outcome: next.outcome, labels: [], left: false });
  }
}

/** Rules 17, 24 and 26. */
export function settle(run: OracleRun): void {
  for (;;) {
    workOffLine(run);
    sweepStopped(run);
    if (run.phase !== "running") return;
    const frame = run.frames.find((one) => quiet(run, one) && (one.ready.size > 0 || drains(run, one)));
    if (frame === undefined) break;
    if (frame.ready.size > 0) fireReady(run, frame);
    else drain(run, frame);
  }
  const gatesWait = [...run.gates.values()].some((gate) => !gateEmpty(gate));
  if (openActivations(run).length > 0 || run.timers.size > 0 || gatesWait) return;
  const joins = halfFullJoins(run, run.frames).map(({ trigger, task, frame, missing }) => ({ trigger, task, scope: frame.scope, missing }));
  if (joins.length === 0) throw new Error("nothing is due, nothing is half full, and the root has not drained");
  endRun(run, { status: "failed", error: kernelError("RUN_STALLED", "joins can never fire", { joins }, run.failures[0]?.error) }, true);
}

/** Rule 11: frames inside a stopped one go without a word, innermost first; their groups end cancelled. */
function sweepStopped(run: OracleRun): void {
  for (const frame of run.frames.toReversed()) {
    if (frame.parent?.stopped !== true || !quiet(run, frame)) continue;
    run.frames = run.frames.filter((one) => one !== frame);
    const of = run.activations.get(frame.of ?? 0);
    if (of === undefined) continue;
    run.activations.delete(of.no);
    keepEnd(run, { of, outcome: { status: "cancelled" }, verbs: [] });
  }
}

/** Nothing open in the frame. */
function quiet(run: OracleRun, frame: OracleFrame): boolean {
  const open = [...run.activations.values(), ...run.kept.map(({ of }) => of)];
  return !run.frames.some(({ parent }) => parent === frame) && !open.some((activation) => activation.frame === frame);
}

function drains(run: OracleRun, frame: OracleFrame): boolean {
  if (frame.kind === "root" && (run.timers.size > 0 || [...run.gates.values()].some((gate) => !gateEmpty(gate)))) return false;
  return halfFullJoins(run, [frame]).length === 0;
}

function drain(run: OracleRun, frame: OracleFrame): void {
  if (frame.kind === "root") {
    const value = defaultValue(run);
    const [failure] = run.failures;
    endRun(
      run,
      failure === undefined
        ? { status: "completed", ...(value === undefined ? {} : { value }) }
        : { status: "failed", error: failure.error },
      true,
    );
    return;
  }
  run.frames = run.frames.filter((one) => !within(one, frame));
  if (frame.kind === "item") {
    const spawn = run.spawns.get(frame.spawn ?? "");
    if (spawn === undefined) throw new Error("unknown spawn");
    spawn.left -= 1;
    if (spawn.left === 0) spawnDrained(run, frame.spawn ?? "");
    return;
  }
  const of = run.activations.get(frame.of ?? 0);
  if (of === undefined) throw new Error("unknown group");
  joinRound(run);
  const { task, scope, nth, attempt, no } = of;
  const members = tasksOf(run, frame.home).flatMap((member) => {
    const outcome = frame.ends.get(member)?.outcome;
    return outcome === undefined ? [] : [{ task: member, outcome }];
  });
  const command: Command = { type: "decide-group", task, scope, nth, attempt, no, members };
  run.activations.set(no, { ...of, stage: "deciding", command });
  run.issued.push(command);
}

/** Rule 25. */
export function defaultValue(run: OracleRun): Json | undefined {
  const root = rootOf(run);
  const { output } = run.plan;
  if (output !== undefined && "task" in output) return root.values.get(output.task);
  const named: (readonly [Id, Json | undefined])[] =
    output === undefined
      ? tasksOf(run, null)
          .filter((task) => outEdges(run, task).length === 0 && root.ends.get(task)?.outcome.status === "completed")
          .map((task) => [task, root.values.get(task)])
      : output.channels.map((id) => [id, run.channels.get(id)]);
  return Object.fromEntries(named.filter((entry): entry is readonly [Id, Json] => entry[1] !== undefined));
}
