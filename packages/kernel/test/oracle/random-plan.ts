import type { Channel, ControlTrigger, DataTrigger, Edge, Id, Plan, Slot, Task, TimeTrigger, Trigger } from "@heddle/kernel";
import { Dice } from "./dice.ts";

/** What kind of plan and run a seed makes: drawn once, so that quiet and wild ones both come often. */
export interface Temper {
  readonly discipline: Plan["discipline"];
  readonly cyclic: boolean;
  readonly groups: boolean;
  readonly data: boolean;
  readonly clock: boolean;
  /** Chances per answer. */
  readonly fail: number;
  readonly verbs: number;
  readonly spawns: number;
  readonly refused: number;
  /** Chance per event of one that nobody waits for: late answers, duplicates, mail. */
  readonly noise: number;
  readonly amends: number;
  readonly resets: number;
  readonly cancels: number;
  readonly ends: number;
}

export function randomTemper(dice: Dice): Temper {
  return {
    discipline: dice.chance(0.5) ? "eager" : "superstep",
    cyclic: dice.chance(0.45),
    groups: dice.chance(0.5),
    data: dice.chance(0.25),
    clock: dice.chance(0.2),
    fail: dice.pick([0, 0.05, 0.12, 0.35]),
    verbs: dice.pick([0, 0, 0.1, 0.4]),
    spawns: dice.pick([0, 0.15, 0.5]),
    refused: dice.pick([0, 0, 0, 0.01, 0.04]),
    noise: dice.pick([0, 0.05, 0.3]),
    amends: dice.pick([0, 0, 0.03, 0.08]),
    resets: dice.pick([0, 0.3, 0.8]),
    cancels: dice.pick([0, 0, 0.01, 0.04]),
    ends: dice.pick([0, 0, 0.02]),
  };
}

/** Names that objects have already must do no harm. */
const labels: readonly Id[] = ["a", "toString"];

/** A plan that validation accepts. */
export function randomPlan(dice: Dice, temper: Temper): Plan {
  const homes = randomHomes(dice, temper);
  const channels = randomChannels(dice, temper);
  const tasks: [Id, Task][] = [];
  for (const { group, members } of homes) {
    const triggers = randomTriggers(dice, temper, group === null, members);
    for (const task of members) {
      const inner = homes.find((home) => home.group === task);
      tasks.push([
        task,
        {
          does:
            inner === undefined
              ? { use: "work" }
              : { group: dice.shuffled(inner.members), policy: { use: "judge" }, ...failure(dice, 0.5) },
          when: triggers.get(task) ?? [],
          ...writes(dice, temper, channels, task, tasks.length),
        },
      ]);
    }
  }
  const roots = homes[0]?.members ?? [];
  const channelIds = Object.keys(channels).filter((id) => channels[id]?.kind !== "log");
  const limits = {
    ...(dice.chance(0.3) ? { activations: dice.whole(1, 40) } : {}),
    ...(temper.discipline === "superstep" && dice.chance(0.2) ? { rounds: dice.whole(1, 12) } : {}),
  };
  return {
    heddle: 1,
    name: "random",
    discipline: temper.discipline,
    tasks: Object.fromEntries(dice.shuffled(tasks)),
    channels,
    ...(dice.chance(0.2)
      ? { output: { task: dice.pick(roots) } }
      : dice.chance(0.3) && channelIds.length > 0
        ? { output: { channels: dice.some(channelIds, 2) } }
        : {}),
    ...(dice.chance(0.25) ? { failure: "keep" as const } : failure(dice, 0.3)),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}

/** Absent means `stop` for the root, `drain` for a group. */
function failure(dice: Dice, stop: number): { readonly failure?: "stop" | "drain" } {
  return dice.chance(0.15) ? {} : { failure: dice.chance(stop) ? "stop" : "drain" };
}

interface Home {
  /** Null: the root. */
  readonly group: Id | null;
  readonly members: Id[];
}

function randomHomes(dice: Dice, temper: Temper): Home[] {
  const homes: Home[] = [{ group: null, members: [] }];
  let tasks = 0;
  for (const [depth, home] of homes.entries()) {
    const count = home.group === null ? dice.whole(2, 7) : dice.whole(1, 4);
    for (let made = 0; made < count; made += 1) {
      const group = temper.groups && depth < 5 && tasks < 14 && dice.chance(0.3);
      const id = tasks === 0 && dice.chance(0.1) ? "hasOwnProperty" : `${group ? "g" : "t"}${tasks}`;
      tasks += 1;
      home.members.push(id);
      if (group) homes.push({ group: id, members: [] });
    }
  }
  return homes;
}

/** What tells the objects of the `keyed` channel apart; a name that objects have already must do no harm. */
export const keyField: Id = "valueOf";

function randomChannels(dice: Dice, temper: Temper): Record<Id, Channel> {
  const channels: Record<Id, Channel> = {};
  const initial = dice.chance(0.4);
  const all: readonly (readonly [Id, Channel])[] = [
    ["last", { kind: "value", ...(initial ? { initial: "first" } : {}) }],
    ["constructor", { kind: "append", ...(initial ? { initial: ["first"] } : {}) }],
    ["total", { kind: "sum", ...(initial ? { initial: 5 } : {}) }],
    ["facts", { kind: "put", ...(initial ? { initial: { first: 1 } } : {}) }],
    ["newest", { kind: "last", ...(initial ? { initial: "first" } : {}) }],
    ["people", { kind: "keyed", key: keyField, ...(initial ? { initial: [{ [keyField]: 1 }, { [keyField]: "x", n: 0 }] } : {}) }],
    ["best", { kind: "fold", reducer: { use: "best" }, ...(initial ? { initial: 0 } : {}) }],
  ];
  for (const [id, channel] of all) if (dice.chance(0.4)) channels[id] = channel;
  if (temper.discipline === "superstep" && dice.chance(0.4))
    channels["passing"] = { kind: "ephemeral", ...(initial ? { initial: "first" } : {}) };
  if (temper.data) for (const type of artifactTypes) channels[`log-${type}`] = { kind: "log", type };
  return channels;
}

/** In an eager plan only one task may write a `value` channel: two could run at once. */
function writes(dice: Dice, temper: Temper, channels: Readonly<Record<Id, Channel>>, task: Id, place: number): Pick<Task, "writes"> {
  const writable = Object.entries(channels).filter(([, { kind }]) => kind !== "log");
  const single = temper.discipline === "eager" && writable.some(([, { kind }]) => kind === "value");
  if (!single && dice.chance(0.6)) return {};
  const allowed = writable.filter(([, { kind }]) => !single || kind !== "value" || place === 0).map(([id]) => id);
  return { writes: dice.chance(0.8) ? allowed : dice.some(allowed, 1) };
}

const ons: Readonly<Record<Edge["on"], number>> = { ok: 12, failed: 1.2, skipped: 1.2, ended: 4, drained: 1.5 };

function randomTriggers(dice: Dice, temper: Temper, root: boolean, members: readonly Id[]): Map<Id, Trigger[]> {
  const triggers = new Map<Id, ControlTrigger[]>();
  for (const [place, task] of members.entries()) {
    const mine: ControlTrigger[] = [];
    triggers.set(task, mine);
    const sources = temper.cyclic && dice.chance(0.5) ? members : members.slice(0, place);
    if (sources.length === 0 ? dice.chance(0.95) : dice.chance(0.12)) mine.push(opening(dice, task));
    if (sources.length === 0 || dice.chance(0.08)) continue;
    const count = dice.pick([1, 1, 1, 1, 2, 2, 3]);
    for (let made = 0; made < count; made += 1) mine.push(joining(dice, task, mine.length, sources, temper.cyclic));
  }
  const looping = onCycles(triggers);
  const all = new Map<Id, Trigger[]>();
  for (const [task, mine] of triggers) {
    const skips = !looping.has(task) && dice.chance(0.8);
    const made: Trigger[] = mine.map((trigger) => (skips && dice.chance(0.9) ? { ...trigger, untaken: "skip" } : trigger));
    if (root && temper.data && dice.chance(0.35)) made.push(dataTrigger(dice, `${task}.${made.length}`));
    if (root && temper.clock && dice.chance(0.3)) made.push(timeTrigger(dice, `${task}.${made.length}`));
    all.set(task, made);
  }
  return all;
}

function opening(dice: Dice, task: Id): ControlTrigger {
  return { id: `${task}.0`, after: [], join: "all", untaken: "wait", ...idle(dice) };
}

function joining(dice: Dice, task: Id, place: number, sources: readonly Id[], loops = false): ControlTrigger {
  const edges = new Map<string, Edge>();
  for (let wanted = dice.pick([1, 1, 1, 2, 2, 3, 4]); wanted > 0; wanted -= 1) {
    const edge = randomEdge(dice, dice.pick(sources));
    edges.set(JSON.stringify(edge), edge);
  }
  const after = [...edges.values()];
  const join = dice.weighted({ all: 5, any: loops ? 8 : 3, number: 2 });
  return { id: `${task}.${place}`, after, join: join === "number" ? dice.whole(1, after.length) : join, untaken: "wait", ...idle(dice) };
}

function randomEdge(dice: Dice, from: Id): Edge {
  const on = dice.weighted(ons);
  return { from, on, ...(on === "ok" && dice.chance(0.2) ? { label: dice.pick(labels) } : {}) };
}

function idle(dice: Dice): { readonly idle?: true } {
  return dice.chance(0.12) ? { idle: true } : {};
}

/** Tasks from which edges lead back to themselves. */
function onCycles(triggers: ReadonlyMap<Id, readonly ControlTrigger[]>): Set<Id> {
  const sources = (task: Id): Id[] => (triggers.get(task) ?? []).flatMap(({ after }) => after.map(({ from }) => from));
  return new Set(
    [...triggers.keys()].filter((task) => {
      const before = new Set(sources(task));
      for (const one of before) for (const source of sources(one)) before.add(source);
      return before.has(task);
    }),
  );
}

export const artifactTypes: readonly Id[] = ["note", "draft"];
const shared = ["tenant", "corr", "key"] as const;

function dataTrigger(dice: Dice, id: Id): DataTrigger {
  const by = dice.some(shared, dice.pick([0, 0, 1, 1, 2]));
  const key = by.includes("key") ? { key: { use: "key" } } : {};
  if (dice.chance(0.3)) {
    const size = dice.chance(0.7) ? { size: dice.whole(1, 4) } : {};
    const ms = dice.chance(0.6) || size.size === undefined ? { ms: dice.whole(10, 60) } : {};
    return { id, on: [{ slot: 0, type: dice.pick(artifactTypes), count: 1, ...key }], by, batch: { ...size, ...ms } };
  }
  const on: Slot[] = Array.from({ length: dice.whole(1, 3) }, (_, slot) => ({
    slot,
    type: dice.pick(artifactTypes),
    count: dice.pick([1, 1, 1, 2, 3]),
    ...key,
  }));
  const ms = dice.chance(0.3) ? { ms: dice.whole(10, 60) } : {};
  const count = dice.chance(0.3) ? { count: dice.whole(1, 5) } : {};
  return { id, on, by, ...(Object.keys({ ...ms, ...count }).length > 0 ? { within: { ...ms, ...count } } : {}) };
}

function timeTrigger(dice: Dice, id: Id): TimeTrigger {
  const kind = dice.pick(["at", "after", "every"] as const);
  if (kind === "at") return { id, at: { atMs: dice.whole(900, 1200) } };
  if (kind === "after") return { id, at: { afterMs: dice.whole(1, 80) } };
  return { id, at: { everyMs: dice.whole(5, 40), ...(dice.chance(0.8) ? { times: dice.whole(1, 4) } : {}) } };
}

/** Tasks that an amendment adds: they follow tasks of the root, and lie on no cycle. */
export function randomAmendment(dice: Dice, temper: Temper, rootTasks: readonly Id[], place: number): Record<Id, Task> {
  const added: Record<Id, Task> = {};
  for (let made = dice.whole(1, 3); made > 0; made -= 1) {
    const task = `n${place}-${made}`;
    const when: Trigger[] = [];
    if (dice.chance(0.2)) when.push(opening(dice, task));
    const sources = [...rootTasks, ...Object.keys(added)];
    if (dice.chance(0.85)) when.push({ ...joining(dice, task, when.length, sources), untaken: dice.pick(["skip", "wait"]) });
    if (temper.clock && dice.chance(0.3)) when.push(timeTrigger(dice, `${task}.${when.length}`));
    if (temper.data && dice.chance(0.3)) when.push(dataTrigger(dice, `${task}.${when.length}`));
    added[task] = { does: { use: "work" }, when, writes: [] };
  }
  if (temper.groups && dice.chance(0.3)) {
    const member = `n${place}-inner`;
    added[member] = { does: { use: "work" }, when: [opening(dice, member)], writes: [] };
    added[`n${place}-group`] = {
      does: { group: [member], policy: { use: "judge" }, ...failure(dice, 0.5) },
      when: [joining(dice, `n${place}-group`, 0, rootTasks)],
      writes: [],
    };
  }
  return added;
}
