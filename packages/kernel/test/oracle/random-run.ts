import type { Command, DataTrigger, Frame, Id, Json, Match, Outcome, Plan, RunEvent, RunFact, Verb } from "@heddle/kernel";
import { Dice } from "./dice.ts";
import { createOracle, oracleAdvance, oracleOutstanding, type OracleRun } from "./oracle.ts";
import { outEdges } from "./oracle-joins.ts";
import { homeOf, tasksOf, type OracleFrame } from "./oracle-state.ts";
import { artifactTypes, keyField, randomAmendment, randomPlan, randomTemper, type Temper } from "./random-plan.ts";

/** A plan, a journal that a run of it could have, and what the naive interpreter commanded after each event. */
export interface RandomRun {
  readonly plan: Plan;
  readonly events: readonly RunEvent[];
  readonly commands: readonly (readonly Command[])[];
  readonly ended: boolean;
}

/** Each event, `look` sees the interpreter as it is after it. */
export function randomRun(
  seed: number,
  look: (run: OracleRun, event: RunEvent, commands: readonly Command[]) => void = () => {},
): RandomRun {
  const dice = new Dice(seed);
  const temper = randomTemper(dice);
  const plan = randomPlan(dice, temper);
  const driver = new Driver(dice, temper, plan, look);
  driver.drive(dice.pick([20, 60, 150]));
  return { plan, events: driver.events, commands: driver.commands, ended: driver.run.phase === "ended" };
}

/** Plays the engine, at random, against the naive interpreter. */
class Driver {
  readonly events: RunEvent[] = [];
  readonly commands: Command[][] = [];
  readonly run: OracleRun;
  readonly #dice: Dice;
  readonly #temper: Temper;
  readonly #look: (run: OracleRun, event: RunEvent, commands: readonly Command[]) => void;
  #nowMs = 1000;
  #made = 0;
  #resets = 0;
  #open: Command[] = [];

  constructor(dice: Dice, temper: Temper, plan: Plan, look: (run: OracleRun, event: RunEvent, commands: readonly Command[]) => void) {
    this.#dice = dice;
    this.#temper = temper;
    this.run = createOracle(plan);
    this.#look = look;
  }

  drive(steps: number): void {
    const dice = this.#dice;
    if (dice.chance(0.02)) this.#happen({ type: "cancel-requested" });
    this.#happen({ type: "run-started", workflow: "random", planHash: "none" });
    while (this.events.length < steps) {
      if (dice.chance(this.#temper.noise)) this.#happen(this.#noise());
      if (this.run.phase === "ended") {
        if (this.#resets >= 3 || !dice.chance(this.#temper.resets)) return;
        this.#resets += 1;
        this.#happen({ type: "tasks-reset", tasks: this.#resetTasks() });
      } else {
        const next = this.#next();
        if (next === null) return;
        this.#happen(next);
      }
    }
  }

  #happen(fact: RunFact): void {
    if (this.#dice.chance(0.4)) this.#nowMs += this.#dice.whole(0, 12);
    const event: RunEvent = { atMs: this.#nowMs, ...fact };
    const commands = oracleAdvance(this.run, event);
    this.events.push(event);
    this.commands.push(commands);
    this.#open = oracleOutstanding(this.run);
    this.#look(this.run, event, commands);
  }

  /** What the engine, a person or the clock does next; null: nothing that this driver could do. */
  #next(): RunFact | null {
    const dice = this.#dice;
    const temper = this.#temper;
    if (dice.chance(temper.cancels)) return { type: "cancel-requested", ...(dice.chance(0.5) ? { reason: "enough" } : {}) };
    if (dice.chance(temper.cancels * 0.1))
      return { type: "run-ended", outcome: { status: "timed-out", error: { name: "Error", message: "late" } } };
    if (dice.chance(temper.amends))
      return { type: "plan-amended", tasks: randomAmendment(dice, temper, tasksOf(this.run, null), this.events.length) };
    if (temper.data && dice.chance(0.3)) return this.#published();
    if (this.#open.length === 0)
      return temper.data && this.run.gates.size > 0 ? (dice.chance(0.8) ? this.#published() : { type: "cancel-requested" }) : null;
    const command = dice.pick(this.#open);
    switch (command.type) {
      case "end-run":
        return { type: "run-ended", outcome: command.outcome };
      case "set-timer":
        if (dice.chance(0.8)) this.#nowMs = Math.max(this.#nowMs, command.dueAtMs + (dice.chance(0.2) ? dice.whole(1, 50) : 0));
        return { type: "timer-fired", no: command.no };
      case "start-task":
        if (dice.chance(temper.fail * 0.7)) {
          return {
            type: "task-retried",
            no: command.no,
            task: command.task,
            error: { name: "Error", message: "again" },
            dueAtMs: this.#nowMs + 10,
          };
        }
        return this.#answer(command.no, command.task);
      case "decide-group":
        return dice.chance(0.02)
          ? { type: "task-retried", no: command.no, task: command.task, error: { name: "Error", message: "again" }, dueAtMs: this.#nowMs }
          : this.#answer(command.no, command.task);
      default:
        throw new Error(`${command.type} is never outstanding`);
    }
  }

  #answer(no: number, task: Id): RunFact {
    const outcome = this.#outcome();
    const frame = this.run.activations.get(no)?.frame;
    const verbs = outcome.status === "completed" || this.#dice.chance(0.1) ? this.#verbs(task, frame) : [];
    const merged = this.#merged(no, outcome, verbs);
    return { type: "task-ended", no, task, outcome, ...(verbs.length > 0 ? { verbs } : {}), ...(merged === null ? {} : { merged }) };
  }

  #outcome(): Outcome {
    const dice = this.#dice;
    const error = { name: "Error", message: `made ${(this.#made += 1)}` };
    if (!dice.chance(this.#temper.fail)) return { status: "completed", ...(dice.chance(0.8) ? { value: (this.#made += 1) } : {}) };
    return dice.pick<Outcome>([
      { status: "failed", error },
      { status: "failed", error },
      { status: "timed-out", error },
      { status: "unknown", error },
      { status: "cancelled" },
      // What the engine or a policy may say too.
      dice.chance(0.5) ? { status: "skipped" } : { status: "blocked", by: dice.pick([...this.run.tasks.keys()]) },
    ]);
  }

  #verbs(task: Id, frame: OracleFrame | undefined): Verb[] {
    const dice = this.#dice;
    const temper = this.#temper;
    const verbs: Verb[] = [];
    const channels = Object.entries(this.run.plan.channels ?? {});
    const allowed = this.run.tasks.get(task)?.writes;
    while (channels.length > 0 && dice.chance(0.35)) {
      const [id, { kind }] = dice.pick(channels);
      const fits =
        kind !== "log" &&
        (allowed === undefined || allowed.includes(id)) &&
        ((kind !== "value" && kind !== "ephemeral") || this.run.plan.discipline === "eager" || dice.chance(0.3));
      if (!fits && !dice.chance(temper.refused)) continue;
      verbs.push({
        write: id,
        value: dice.chance(temper.refused)
          ? dice.pick<Json>([
              null,
              [1],
              "text",
              3,
              { put: [{ [keyField]: null }] },
              { put: [{ [keyField]: 2 }, 3] },
              { remove: [null] },
              { clear: false },
            ])
          : this.#writeValue(kind),
      });
    }
    if (dice.chance(temper.refused / 2)) verbs.push({ write: "nowhere", value: 1 });

    const labels = outEdges(this.run, task).flatMap(({ edge }) => (edge.label === undefined ? [] : [edge.label]));
    const near = frame === undefined ? [] : tasksOf(this.run, frame.home);
    const reach =
      frame === undefined
        ? []
        : [...this.run.tasks.keys()].filter((one) => around(frame).some(({ home }) => home === homeOf(this.run, one)));
    const iterates = dice.chance(temper.verbs * 0.3);
    const may = (chance: number): boolean => dice.chance(chance) && (!iterates || dice.chance(temper.refused));
    for (const label of new Set(labels)) if (may(0.6)) verbs.push({ take: label });
    if (iterates) verbs.push({ iterate: (this.#made += 1) });
    if (reach.length > 0 && may(temper.verbs * 0.25)) verbs.push({ goto: dice.pick(reach), ...this.#input() });
    while (reach.length > 0 && may(temper.verbs * 0.4)) verbs.push({ next: dice.pick(reach), ...this.#input() });
    const spawnable = near.length > 0 && frame !== undefined && frame.scope.length < 7;
    if (spawnable && may(temper.spawns * 0.01)) for (let k = 0; k < 11; k += 1) verbs.push({ spawn: this.#spawnable(near), items: [k] });
    while (spawnable && may(temper.spawns * 0.4)) verbs.push({ spawn: this.#spawnable(near), items: this.#items() });
    if (temper.data && dice.chance(0.2)) verbs.push(this.#publish());
    if (may(temper.ends)) verbs.push({ end: dice.pick(["ok", "ok", "cancel"]), ...(dice.chance(0.5) ? { value: "over" } : {}) });

    if (dice.chance(temper.refused / 2))
      verbs.push(
        dice.pick<Verb>([
          { take: "zz" },
          { goto: "nowhere" },
          { next: "nowhere" },
          { spawn: "nowhere", items: [1] },
          { goto: dice.pick([...this.run.tasks.keys()]) },
        ]),
      );
    return dice.shuffled(verbs);
  }

  /** Best one that somebody waits for. */
  #spawnable(near: readonly Id[]): Id {
    const awaited = near.filter((task) => outEdges(this.run, task).some(({ edge }) => edge.on === "drained"));
    return this.#dice.pick(awaited.length > 0 && this.#dice.chance(0.7) ? awaited : near);
  }

  #items(): Json[] {
    const many = this.#dice.chance(0.01) ? 10 : 0;
    return Array.from({ length: this.#dice.pick([0, 0, 1, 1, 2, 3]) + many }, () => (this.#made += 1));
  }

  #input(): { readonly input?: Json } {
    return this.#dice.chance(0.5) ? { input: (this.#made += 1) } : {};
  }

  #writeValue(kind: string): Json {
    this.#made += 1;
    if (kind === "keyed") return this.#keyedWrite();
    return kind === "put" ? { [this.#dice.pick(["x", "y", "first", "__proto__"])]: this.#made } : this.#made;
  }

  /** Writes by nobody's task, some of which no channel takes. */
  #edit(): RunFact {
    const dice = this.#dice;
    const channels = [...Object.entries(this.run.plan.channels ?? {}), ["nowhere", { kind: "value" }] as const];
    const writes = dice.some(channels, dice.whole(1, 3)).map(([channel, { kind }]) => ({
      channel,
      value: dice.chance(0.15) ? dice.pick<Json>([null, [1], "text", { put: [1] }]) : this.#writeValue(kind),
    }));
    return { type: "channels-written", writes, ...(dice.chance(0.8) ? { merged: { best: (this.#made += 1) } } : {}) };
  }

  #keyedWrite(): Json {
    const dice = this.#dice;
    const key = (): string | number => dice.pick(["x", "1", "__proto__", 1, 2, 10]);
    const put = Array.from({ length: dice.pick([0, 1, 1, 2, 3]) }, () => ({ [keyField]: key(), n: (this.#made += 1) }));
    const remove = Array.from({ length: dice.pick([0, 0, 1, 2]) }, key);
    return {
      ...(dice.chance(0.1) ? { clear: true } : {}),
      ...(remove.length > 0 ? { remove } : {}),
      ...(put.length > 0 ? { put } : {}),
    };
  }

  /** The whole values of `fold` channels, where this answer applies writes. */
  #merged(no: number, outcome: Outcome, verbs: readonly Verb[]): Record<Id, Json> | null {
    const written = outcome.status === "completed" ? [...verbs] : [];
    if (this.run.plan.discipline === "superstep") {
      if (this.#open.some((command) => (command.type === "start-task" || command.type === "decide-group") && command.no !== no))
        return null;
      for (const kept of this.run.kept) written.push(...kept.verbs);
    }
    const folds = written.some((verb) => "write" in verb && verb.write === "best") && this.run.plan.channels?.["best"] !== undefined;
    return folds ? { best: (this.#made += 1) } : null;
  }

  #dataTriggers(): DataTrigger[] {
    return [...this.run.tasks.values()].flatMap(({ when }) => when.filter((trigger): trigger is DataTrigger => "on" in trigger));
  }

  #matches(): Match[] {
    const dice = this.#dice;
    const matches: Match[] = [];
    for (const trigger of this.#dataTriggers()) {
      if (dice.chance(0.4)) continue;
      const scope = trigger.by.map((by): Frame => [by, dice.pick(["x", "x", "y", 1, 10, 2])]);
      for (const { slot } of trigger.on) if (dice.chance(0.6)) matches.push({ trigger: trigger.id, slot, scope });
    }
    if (dice.chance(this.#temper.refused)) matches.push({ trigger: "nobody", slot: 0, scope: [] });
    return matches;
  }

  #publish(): Verb {
    return { publish: this.#dice.pick(artifactTypes), blob: `blob${(this.#made += 1)}`, matches: this.#matches() };
  }

  #published(): RunFact {
    return { type: "published", artifact: this.#dice.pick(artifactTypes), blob: `blob${(this.#made += 1)}`, matches: this.#matches() };
  }

  /** Something that nobody waits for, or that comes at the wrong time. */
  #noise(): RunFact {
    const dice = this.#dice;
    const no = dice.whole(1, this.run.lastNo + 2);
    const of = this.#open.length > 0 && dice.chance(0.7) ? dice.pick(this.#open).no : no;
    const key = dice.pick(["one", "two"]);
    const closed = this.#open.every((command) => command.no !== no);
    const task = dice.pick([...this.run.tasks.keys()]);
    const error = { name: "Error", message: "late" };
    switch (
      dice.weighted({
        late: 4,
        timer: 1,
        retried: 1,
        started: 1,
        opened: 2,
        ended: 2,
        segment: 1,
        signal: 2,
        edit: 3,
        emitted: 1,
        paused: 1,
        again: 1,
        reset: 1,
      })
    ) {
      case "late":
        return { type: "task-ended", no: closed ? no : 1_000_000, task, outcome: this.#outcome(), verbs: [{ next: task }] };
      case "timer":
        return { type: "timer-fired", no };
      case "retried":
        return { type: "task-retried", no: closed ? no : 0, task, error, dueAtMs: this.#nowMs };
      case "started":
        return { type: "task-started", no, task };
      case "opened":
        return { type: "op-opened", of, key, op: "receive", signal: "mail" };
      case "ended":
        return {
          type: "op-ended",
          of,
          key,
          op: "receive",
          outcome: { status: "completed" },
          ...(this.run.signals.length > 0 ? { signal: dice.pick(this.run.signals).id } : {}),
        };
      case "segment":
        return { type: "segment-started", of, input: (this.#made += 1) };
      case "signal":
        return { type: "signal-received", id: `mail${(this.#made += 1)}`, name: dice.pick(["mail", "post"]), value: this.#made };
      case "edit":
        return this.#edit();
      case "emitted":
        return { type: "emitted", of, key, name: "progress" };
      case "paused":
        return dice.chance(0.5) ? { type: "run-paused", code: "RUN_MISMATCH", message: "changed" } : { type: "run-resumed" };
      case "again":
        return { type: "run-started", workflow: "random", planHash: "none" };
      case "reset":
        return this.run.phase === "ended" ? { type: "run-crashed", crashes: 1 } : { type: "tasks-reset", tasks: [task] };
    }
  }

  /** Mostly what failed, as the engine's retry does. */
  #resetTasks(): Id[] {
    const dice = this.#dice;
    const [root] = this.run.frames;
    const tasks = tasksOf(this.run, null);
    const failed = tasks.filter((task) => !["completed", "skipped", undefined].includes(root?.ends.get(task)?.outcome.status));
    if (failed.length > 0 && dice.chance(0.7)) return failed;
    return dice.chance(0.05) ? ["nowhere"] : dice.some(tasks, dice.whole(1, 2));
  }
}

/** The frame and those around it. */
function around(frame: OracleFrame): OracleFrame[] {
  const frames: OracleFrame[] = [];
  for (let at: OracleFrame | null = frame; at !== null; at = at.parent) frames.push(at);
  return frames;
}
