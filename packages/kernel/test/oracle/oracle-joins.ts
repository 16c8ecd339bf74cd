import type { ControlTrigger, Edge, Id, Json, Outcome, StartTask } from "@heddle/kernel";
import {
  homeOf,
  tasksOf,
  type OracleFrame,
  type OracleJoin,
  type OracleRun,
  type TaskEnd,
  type Token,
  openFrame,
  refuse,
  type OracleActivation,
  type StartOptions,
} from "./oracle-state.ts";

/** An edge where it arrives. */
export interface OutEdge {
  readonly task: Id;
  readonly trigger: ControlTrigger;
  readonly index: number;
  readonly edge: Edge;
}

/** All edges of the plan, in order. */
export function allEdges(run: OracleRun): OutEdge[] {
  const edges: OutEdge[] = [];
  for (const [task, { when }] of run.tasks) {
    for (const trigger of when) {
      if ("after" in trigger) for (const [index, edge] of trigger.after.entries()) edges.push({ task, trigger, index, edge });
    }
  }
  return edges;
}

export function outEdges(run: OracleRun, from: Id): OutEdge[] {
  return allEdges(run).filter(({ edge }) => edge.from === from);
}

/** Rule 3. */
export function fireOpenings(run: OracleRun, frame: OracleFrame, tasks: readonly Id[]): void {
  for (const task of tasks) {
    for (const trigger of run.tasks.get(task)?.when ?? []) {
      if ("after" in trigger && trigger.after.length === 0) fire(run, frame, task, trigger);
    }
  }
}

/** Rules 7 and 8: what an end says to an edge. */
export function tokenFor(edge: Edge, from: Id, end: TaskEnd): Token {
  const { status } = end.outcome;
  const failed = status === "failed" || status === "timed-out" || status === "unknown";
  const taken =
    edge.on === "ok"
      ? status === "completed" && !end.left && (edge.label === undefined || end.labels.includes(edge.label))
      : edge.on === "failed"
        ? failed && !end.left
        : edge.on === "skipped"
          ? (status === "skipped" || status === "blocked") && !end.left
          : edge.on === "ended"
            ? !end.left
            : false;
  if (taken) return { taken, by: null };
  if (end.outcome.status === "blocked") return { taken, by: end.outcome.by };
  return { taken, by: failed || status === "cancelled" ? from : null };
}

export function deliverEnd(run: OracleRun, frame: OracleFrame, from: Id, end: TaskEnd): void {
  for (const out of outEdges(run, from)) {
    if (out.edge.on !== "drained") deliver(run, frame, out, tokenFor(out.edge, from, end));
  }
}

/** Rules 31 and 32: a token as the source's last end in the root would give it. `silent`: what it satisfies does not fire. */
export function deliverAgain(run: OracleRun, root: OracleFrame, out: OutEdge, silent: boolean): void {
  if (out.edge.on === "drained") {
    if (root.drained.has(root.lastSpawns.get(out.edge.from) ?? "")) deliver(run, root, out, { taken: true, by: null }, silent);
    return;
  }
  const end = root.ends.get(out.edge.from);
  if (end !== undefined) deliver(run, root, out, tokenFor(out.edge, out.edge.from, end), silent);
}

/** Rules 12 to 16. */
export function deliver(run: OracleRun, frame: OracleFrame, { task, trigger, index }: OutEdge, token: Token, silent = false): void {
  if (frame.stopped || run.phase !== "running") return;
  const join = joinOf(frame, trigger);
  const edge = join.tokens[index] ?? [];
  const go = (): void => {
    if (!silent) fire(run, frame, task, trigger);
  };

  if (trigger.join === "all") {
    if (!token.taken && trigger.untaken === "wait") return;
    if (run.plan.discipline === "superstep" && edge.length > 0) return;
    edge.push(token);
    if (join.tokens.some((held) => held.length === 0)) return;
    const consumed = join.tokens.map((held) => held.shift() as Token);
    if (consumed.every(({ taken }) => taken)) go();
    else skip(run, frame, task, trigger, consumed.find(({ by }) => by !== null)?.by ?? null);
    return;
  }

  edge.push(token);
  const everything = join.tokens.flat();
  const taken = everything.filter((one) => one.taken).length;
  const untaken = everything.length - taken;
  const by = everything.find((one) => one.by !== null)?.by ?? null;
  if (trigger.join === "any") {
    if (token.taken) go();
    else if (trigger.untaken === "skip" && join.skip === null && taken === 0 && join.tokens.every((held) => held.length > 0))
      skip(run, frame, task, trigger, by);
    return;
  }
  if (join.fired || join.skip !== null) return;
  if (taken >= trigger.join) {
    join.fired = true;
    go();
  } else if (trigger.untaken === "skip" && trigger.after.length - untaken < trigger.join) {
    skip(run, frame, task, trigger, by);
  }
}

export function joinOf(frame: OracleFrame, trigger: ControlTrigger): OracleJoin {
  const join = frame.joins.get(trigger.id) ?? { tokens: trigger.after.map(() => []), fired: false, skip: null };
  frame.joins.set(trigger.id, join);
  return join;
}

function fire(run: OracleRun, frame: OracleFrame, task: Id, trigger: ControlTrigger): void {
  if (trigger.idle === true) frame.ready.add(trigger.id);
  else startByTrigger(run, frame, task, trigger);
}

/** Rule 16. */
function startByTrigger(run: OracleRun, frame: OracleFrame, task: Id, trigger: ControlTrigger): void {
  if (run.plan.discipline === "superstep") {
    const key = JSON.stringify([frame.id, task]);
    if (run.startedInRound.has(key)) return;
    run.startedInRound.add(key);
  }
  startTask(run, frame, task, { trigger: trigger.id });
}

/** Rule 17. */
export function fireReady(run: OracleRun, frame: OracleFrame): void {
  const ready = new Set(frame.ready);
  frame.ready.clear();
  for (const task of tasksOf(run, frame.home)) {
    for (const trigger of run.tasks.get(task)?.when ?? []) {
      if ("after" in trigger && ready.has(trigger.id)) startByTrigger(run, frame, task, trigger);
    }
  }
}

/** Rules 14, 15 and 18. */
function skip(run: OracleRun, frame: OracleFrame, task: Id, trigger: ControlTrigger, by: Id | null): void {
  joinOf(frame, trigger).skip ??= { by };
  if (frame.started.has(task) || frame.skipped.has(task)) return;
  const skips: { readonly by: Id | null }[] = [];
  for (const each of run.tasks.get(task)?.when ?? []) {
    if (!("after" in each) || each.untaken !== "skip") return;
    const skipped = frame.joins.get(each.id)?.skip ?? null;
    if (skipped === null) return;
    skips.push(skipped);
  }
  const tainted = skips.find((one) => one.by !== null);
  const outcome: Outcome = tainted === undefined || tainted.by === null ? { status: "skipped" } : { status: "blocked", by: tainted.by };
  frame.skipped.add(task);
  frame.ends.set(task, { outcome, labels: [], left: false });
  run.line.push({ frame, task, outcome });
}

/** Rule 19. */
export function halfFull(trigger: ControlTrigger, join: OracleJoin): boolean {
  if (trigger.join === "any") return false;
  if (trigger.join === "all") return join.tokens.some((held) => held.length > 0) && join.tokens.some((held) => held.length === 0);
  return !join.fired && join.skip === null && join.tokens.flat().some(({ taken }) => taken);
}

export interface HalfFullJoin {
  readonly trigger: Id;
  readonly task: Id;
  readonly frame: OracleFrame;
  readonly missing: Id[];
}

/** In frame-opening order, then in order. */
export function halfFullJoins(run: OracleRun, frames: readonly OracleFrame[]): HalfFullJoin[] {
  const found: HalfFullJoin[] = [];
  for (const frame of frames) {
    for (const [task, { when }] of run.tasks) {
      for (const trigger of when) {
        const join = "after" in trigger && homeOf(run, task) === frame.home ? frame.joins.get(trigger.id) : undefined;
        if (join === undefined || !("after" in trigger) || !halfFull(trigger, join)) continue;
        const arrived = (held: readonly Token[]): boolean => (trigger.join === "all" ? held.length > 0 : held.some(({ taken }) => taken));
        found.push({
          trigger: trigger.id,
          task,
          frame,
          missing: trigger.after.filter((_, at) => !arrived(join.tokens[at] ?? [])).map(({ from }) => from),
        });
      }
    }
  }
  return found;
}

/** Start a task; a group opens its frame instead of being commanded. */
export function startTask(run: OracleRun, frame: OracleFrame, task: Id, options: StartOptions): void {
  if (frame.stopped || run.phase !== "running") return;
  const max = run.plan.limits?.activations ?? 1_000_000;
  if (run.activationCount + 1 > max) passLimit(run, `more than ${max} activations`, { limit: "activations", max });
  run.activationCount += 1;
  const group = isGroup(run, task);
  if (!group) joinRound(run);

  const scope = options.scope ?? frame.scope;
  const key = JSON.stringify([task, scope]);
  const nth = (run.starts.get(key) ?? 0) + 1;
  run.starts.set(key, nth);
  frame.started.add(task);
  if (frame.kind === "root") run.lastStarts.set(task, options);
  const activation = { task, scope, nth, attempt: 1, no: ++run.lastNo };
  if (group) {
    run.activations.set(activation.no, { ...activation, frame, stage: "inner", command: null, cancelled: false });
    if (options.input !== undefined) run.groupInputs.set(activation.no, options.input);
    const inner = openFrame(run, {
      parent: frame,
      kind: "group",
      home: task,
      scope: [...frame.scope, ["group", activation.no]],
      of: activation.no,
    });
    fireOpenings(run, inner, tasksOf(run, task));
    return;
  }
  const command: StartTask = {
    type: "start-task",
    ...activation,
    ...(options.trigger === undefined ? {} : { trigger: options.trigger }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.consumed === undefined ? {} : { consumed: options.consumed }),
  };
  run.activations.set(activation.no, { ...activation, frame, stage: "task", command, cancelled: false });
  run.issued.push(command);
}

/** Rules 20 and 28: what is commanded now belongs to the running round, or begins the next one. */
export function joinRound(run: OracleRun): void {
  if (run.plan.discipline !== "superstep" || run.roundRunning) return;
  const max = run.plan.limits?.rounds ?? Infinity;
  if (run.roundCount + 1 > max) passLimit(run, `more than ${max} rounds`, { limit: "rounds", max });
  run.roundCount += 1;
  run.roundRunning = true;
}

function passLimit(run: OracleRun, message: string, data: Json): never {
  run.limited = true;
  refuse("STEP_LIMIT", message, data);
}

function isGroup(run: OracleRun, task: Id): boolean {
  const does = run.tasks.get(task)?.does;
  return does !== undefined && "group" in does;
}

/** Rule 9. The k-th spawn of one end, k from 1. */
export function openSpawn(run: OracleRun, by: OracleActivation, k: number, task: Id, items: readonly Json[]): string {
  const name = k === 1 ? by.no : `${by.no}.${k}`;
  const key = JSON.stringify([...by.frame.scope, ["spawn", name]]);
  run.spawns.set(key, { frame: by.frame, task, by: by.task, values: items.map(() => undefined), left: items.length });
  by.frame.lastSpawns.set(task, key);
  if (by.frame.kind === "root") run.spawned.set(by.task, new Set(run.spawned.get(by.task)).add(task));
  for (const [index, input] of items.entries()) {
    const item = openFrame(run, {
      parent: by.frame,
      kind: "item",
      home: by.frame.home,
      scope: [...by.frame.scope, ["spawn", name], ["item", index]],
      spawn: key,
      index,
    });
    startTask(run, item, task, { input });
  }
  return key;
}
