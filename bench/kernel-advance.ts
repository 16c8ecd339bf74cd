// What the kernel alone costs: microseconds per event inside `advance`, and heap kept per task. No engine, no codec, no store.
//   node --expose-gc bench/kernel-advance.ts [workload ...] [--seconds N] [--json]
import {
  advance,
  type Command,
  compilePlan,
  type CompiledPlan,
  createRun,
  type Edge,
  type Plan,
  type RunEvent,
  type RunState,
  type Task,
  type Verb,
} from "@heddle/kernel";

interface Measured {
  readonly workload: string;
  readonly usPerEvent: number;
  readonly events: number;
  readonly usPerTaskWithCompile?: number;
  readonly bytesPerTask?: number;
}

const secondsAt = process.argv.indexOf("--seconds");
const seconds = secondsAt < 0 ? 1 : Number(process.argv[secondsAt + 1]);
const wanted = process.argv.slice(2).filter((argument, index, all) => !argument.startsWith("--") && all[index - 1] !== "--seconds");
const started: RunEvent = { type: "run-started", atMs: 0, workflow: "bench", planHash: "" };

function task(id: string, ...after: readonly (string | Edge)[]): Task {
  return {
    does: { use: id },
    when: [
      {
        id: `${id}.when`,
        after: after.map((from) => (typeof from === "string" ? { from, on: "ok" as const } : from)),
        join: "all",
        untaken: "wait",
      },
    ],
  };
}

function plan(tasks: Readonly<Record<string, Task>>, output: string): Plan {
  return { heddle: 1, name: "bench", discipline: "eager", tasks, output: { task: output } };
}

function chain(length: number): Plan {
  const tasks: Record<string, Task> = {};
  for (let index = 0; index < length; index++) tasks[`t${index}`] = index === 0 ? task("t0") : task(`t${index}`, `t${index - 1}`);
  return plan(tasks, `t${length - 1}`);
}

/** Layers of `width`; each task after two or three of the layer before. The same for each caller. */
function layered(size: number, width = 100): Plan {
  let seed = 12345;
  const random = (): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  const tasks: Record<string, Task> = {};
  for (let index = 0; index < size; index++) {
    const layer = Math.floor(index / width);
    const sources = new Set<number>();
    const count = layer === 0 ? 0 : 2 + (random() < 0.5 ? 1 : 0);
    while (sources.size < count) sources.add((layer - 1) * width + Math.floor(random() * width));
    tasks[`task-${index}`] = task(`task-${index}`, ...[...sources].map((source) => `task-${source}`));
  }
  return plan(tasks, `task-${size - 1}`);
}

function fan(width: number): Plan {
  const tasks: Record<string, Task> = { first: task("first") };
  const middle = Array.from({ length: width }, (_, index) => `m${index}`);
  for (const id of middle) tasks[id] = task(id, "first");
  tasks.last = task("last", ...middle);
  return plan(tasks, "last");
}

const loop: Plan = plan(
  {
    start: task("start"),
    a: {
      does: { use: "a" },
      when: [
        {
          id: "a.when",
          after: [
            { from: "start", on: "ok" },
            { from: "c", on: "ok", label: "again" },
          ],
          join: "any",
          untaken: "wait",
        },
      ],
    },
    b: task("b", "a"),
    c: task("c", "b"),
    end: task("end", { from: "c", on: "ok", label: "done" }),
  },
  "end",
);

const map: Plan = plan(
  { split: task("split"), item: { does: { use: "item" }, when: [] }, join: task("join", { from: "item", on: "drained" }) },
  "join",
);

type VerbsOf = (command: Extract<Command, { type: "start-task" }>, nth: number) => readonly Verb[] | undefined;

/** Answer every command in turn, as an engine would; the state stays for a look at its size. */
function drive(compiled: CompiledPlan, verbsOf: VerbsOf | undefined, inside: { ms: number; events: number }, timed: boolean): RunState {
  const before = timed ? now() : 0;
  const state = createRun(compiled);
  const due: Command[] = [...advance(state, started)];
  let events = 1;
  for (let next = 0; next < due.length; next++) {
    const command = due[next]!;
    due[next] = undefined as never;
    let commands: readonly Command[];
    if (command.type === "start-task") {
      const verbs = verbsOf?.(command, command.nth);
      const outcome = { status: "completed" as const, value: command.no };
      commands = advance(
        state,
        verbs === undefined
          ? { type: "task-ended", atMs: 1, no: command.no, task: command.task, outcome }
          : { type: "task-ended", atMs: 1, no: command.no, task: command.task, outcome, verbs },
      );
    } else if (command.type === "end-run") commands = advance(state, { type: "run-ended", atMs: 1, outcome: command.outcome });
    else throw new Error(`unexpected ${command.type}`);
    events++;
    for (let index = 0; index < commands.length; index++) due.push(commands[index]!);
  }
  if (state.phase !== "ended" || state.outcome?.status !== "completed")
    throw new Error(`ended ${state.phase} ${JSON.stringify(state.outcome)}`);
  inside.events += events;
  if (timed) inside.ms += now() - before;
  return state;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Repeat for a while; the median of batches, so that one collection does not decide. */
function measure(workload: string, made: Plan, verbsOf?: VerbsOf): Measured {
  const compiled = compilePlan(made);
  const warm = now();
  while (now() - warm < seconds * 300) drive(compiled, verbsOf, { ms: 0, events: 0 }, false);
  const batches: number[] = [];
  let events = 0;
  const begin = now();
  while (now() - begin < seconds * 1000) {
    const inside = { ms: 0, events: 0 };
    const batch = now();
    do drive(compiled, verbsOf, inside, false);
    while (now() - batch < 20);
    batches.push(((now() - batch) * 1000) / inside.events);
    events = inside.events;
  }
  return { workload, usPerEvent: median(batches), events };
}

/** Once through a large plan, compiled anew: what a task costs with its share of the compiling, and what of it stays. */
function measureOnce(workload: string, made: Plan, size: number): Measured {
  const passes: { us: number; withCompile: number; events: number }[] = [];
  const bytes = keptBytes(made);
  for (let pass = 0; pass < (size > 200_000 ? 3 : 7); pass++) {
    globalThis.gc?.();
    const begin = now();
    const compiled = compilePlan(made);
    const compiledMs = now() - begin;
    const inside = { ms: 0, events: 0 };
    drive(compiled, undefined, inside, true);
    passes.push({ us: (inside.ms * 1000) / inside.events, withCompile: ((inside.ms + compiledMs) * 1000) / size, events: inside.events });
  }
  return {
    workload,
    usPerEvent: median(passes.map(({ us }) => us)),
    events: passes[0]!.events,
    usPerTaskWithCompile: median(passes.map(({ withCompile }) => withCompile)),
    ...(globalThis.gc === undefined ? undefined : { bytesPerTask: bytes / size }),
  };
}

/** Heap that a run's state keeps once all has ended. The values are small integers, which take no room of their own. */
function keptBytes(made: Plan): number {
  const compiled = compilePlan(made);
  globalThis.gc?.();
  const before = memory();
  const state = drive(compiled, undefined, { ms: 0, events: 0 }, false);
  globalThis.gc?.();
  const kept = memory() - before;
  if (state.plan !== compiled) throw new Error("the state went before it was measured");
  return kept;
}

/** Processor time of this process in milliseconds: other work on the machine counts less than on a clock. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const workloads: Readonly<Record<string, () => Measured>> = {
  "chain-10": () => measure("chain-10", chain(10)),
  "loop-3000": () =>
    measure("loop-3000", loop, ({ task: id, nth }) => (id === "c" ? [{ take: nth < 1000 ? "again" : "done" }] : undefined)),
  "fan-100": () => measure("fan-100", fan(100)),
  "spawn-1000": () =>
    measure("spawn-1000", map, ({ task: id }) =>
      id === "split" ? [{ spawn: "item", items: Array.from({ length: 1000 }, (_, index) => index) }] : undefined,
    ),
  "spawn-10000": () =>
    measure("spawn-10000", map, ({ task: id }) =>
      id === "split" ? [{ spawn: "item", items: Array.from({ length: 10_000 }, (_, index) => index) }] : undefined,
    ),
  "spawn-100000": () =>
    measure("spawn-100000", map, ({ task: id }) =>
      id === "split" ? [{ spawn: "item", items: Array.from({ length: 100_000 }, (_, index) => index) }] : undefined,
    ),
  "dag-10000": () => measureOnce("dag-10000", layered(10_000), 10_000),
  "dag-100000": () => measureOnce("dag-100000", layered(100_000), 100_000),
  "dag-1000000": () => measureOnce("dag-1000000", layered(1_000_000), 1_000_000),
};

for (const [name, run] of Object.entries(workloads)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const measured = run();
  if (process.argv.includes("--json")) console.log(JSON.stringify(measured));
  else {
    const more =
      measured.usPerTaskWithCompile === undefined ? "" : `  ${measured.usPerTaskWithCompile.toFixed(3)} us a task with compiling`;
    const kept = measured.bytesPerTask === undefined ? "" : `  ${measured.bytesPerTask.toFixed(1)} bytes kept a task`;
    console.log(`${name.padEnd(14)} ${measured.usPerEvent.toFixed(3)} us an event${more}${kept}`);
  }
}
