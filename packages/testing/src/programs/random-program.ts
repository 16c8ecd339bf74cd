import { workflow, type Context, type StepContext, type Workflow } from "heddle";
import type { SeededRandom } from "../clock/seeded-random.ts";

/** A random durable program as data. Every node has a key of its own. */
export type Program =
  | { readonly op: "step"; readonly key: string; readonly value: number; readonly failures: number; readonly ticks: number }
  | { readonly op: "sleep"; readonly key: string; readonly ms: number }
  | { readonly op: "receive"; readonly key: string; readonly signal: string; readonly timeoutMs: number | null }
  | { readonly op: "map"; readonly key: string; readonly items: number; readonly concurrency: number }
  | { readonly op: "call"; readonly key: string; readonly program: Program; readonly cancel: boolean }
  | { readonly op: "emit"; readonly key: string }
  | { readonly op: "sequence"; readonly parts: readonly Program[] }
  | { readonly op: "all" | "race"; readonly key: string; readonly parts: readonly Program[] }
  /** Each part in a segment of its own. Stands only where a run begins. */
  | { readonly op: "segments"; readonly before: number; readonly parts: readonly Program[] }
  | { readonly op: "promises"; readonly how: "all" | "race" | "any" | "allSettled"; readonly parts: readonly Program[] };

export interface ProgramLimits {
  /** Deepest nesting. Default 3. */
  readonly depth?: number;
  /** Most parts of a sequence or branch. Default 4. */
  readonly width?: number;
}

/** Draw a program. The signals that it may wait for are `a`, `b` and `c`. */
export function randomProgram(random: SeededRandom, { depth = 3, width = 4 }: ProgramLimits = {}): Program {
  let keys = 0;
  const key = (): string => `k${++keys}`;
  const draw = (left: number): Program => {
    const kind = random.below(left === 0 ? 6 : 10);
    const parts = (): Program[] => Array.from({ length: 1 + random.below(width) }, () => draw(left - 1));
    switch (kind) {
      case 0:
      case 1:
        return {
          op: "step",
          key: key(),
          value: random.below(100),
          failures: random.below(5) === 0 ? 1 + random.below(2) : 0,
          ticks: random.below(4),
        };
      case 2:
        return { op: "sleep", key: key(), ms: random.below(4) === 0 ? 5_000 : random.below(50) };
      case 3:
        return {
          op: "receive",
          key: key(),
          signal: random.pick(["a", "b", "c"]),
          timeoutMs: random.below(3) === 0 ? null : 10 + random.below(3_000),
        };
      case 4:
        return { op: "map", key: key(), items: random.below(6), concurrency: 1 + random.below(3) };
      case 5:
        return { op: "emit", key: key() };
      case 6:
        return { op: "sequence", parts: parts() };
      case 7:
        return { op: random.pick(["all", "race"] as const), key: key(), parts: parts() };
      case 8:
        return { op: "promises", how: random.pick(["all", "race", "any", "allSettled"] as const), parts: parts() };
      default:
        return { op: "call", key: key(), program: whole(left - 1), cancel: random.below(6) === 0 };
    }
  };
  /** What a run of its own does. */
  const whole = (left: number): Program =>
    random.below(3) === 0
      ? { op: "segments", before: 0, parts: Array.from({ length: 2 + random.below(2) }, () => draw(left)) }
      : draw(left);
  const first: Program = { op: "sequence", parts: Array.from({ length: 2 + random.below(width) }, () => draw(depth)) };
  return random.below(3) === 0 ? { op: "segments", before: 0, parts: [first, draw(depth)] } : first;
}

/** What a program does to the world: called by each attempt of each step. */
export type ProgramEffect = (key: string, value: number, step: StepContext, runId: string) => unknown;

/** The workflow that runs programs; its name is `program`. Its result sums what the program's parts gave. */
export function programWorkflow(effect: ProgramEffect): Workflow<Program, number> {
  const self: Workflow<Program, number> = workflow("program", (ctx: Context, program: Program) => run(ctx, program));

  const run = async (ctx: Context, program: Program): Promise<number> => {
    switch (program.op) {
      case "step":
        return ctx.step(
          program.key,
          async (step) => {
            for (let tick = 0; tick < program.ticks; tick++) await Promise.resolve();
            await effect(program.key, program.value, step, ctx.runId);
            if (step.attempt <= program.failures) throw new Error(`failure ${step.attempt}`);
            return program.value;
          },
          { retry: { attempts: program.failures + 1, initialMs: 20, jitter: "none" } },
        );
      case "sleep":
        await ctx.sleep(program.key, program.ms);
        return 1;
      case "receive": {
        const value =
          program.timeoutMs === null
            ? await ctx.receive<number>(program.key, program.signal)
            : await ctx.receive<number>(program.key, program.signal, { timeout: program.timeoutMs });
        return value ?? 0;
      }
      case "map":
        return sum(
          await ctx.map(
            program.key,
            Array.from({ length: program.items }, (_, index) => index),
            async (index, step) => {
              await effect(`${program.key}/${index}`, index, step, ctx.runId);
              return index;
            },
            { concurrency: program.concurrency },
          ),
        );
      case "call":
        return ctx.call(program.key, self, program.program);
      case "emit":
        await ctx.emit(program.key, "said", program.key);
        return 0;
      case "sequence": {
        let total = 0;
        for (const part of program.parts) total += await run(ctx, part);
        return total;
      }
      case "segments": {
        const [first, ...rest] = program.parts;
        const total = program.before + (first === undefined ? 0 : await run(ctx, first));
        return rest.length === 0 ? total : ctx.continueAs({ op: "segments", before: total, parts: rest });
      }
      case "all": {
        const values = await ctx.all(program.key, branches(program.parts));
        return sum(Object.values(values));
      }
      case "race": {
        const { winner, value } = await ctx.race(program.key, branches(program.parts));
        return value + Number(winner.slice(1));
      }
      case "promises": {
        const started = program.parts.map((part) => run(ctx, part));
        if (program.how === "all") return sum(await Promise.all(started));
        if (program.how === "race") return Promise.race(started);
        if (program.how === "any") return Promise.any(started);
        return sum((await Promise.allSettled(started)).map((result) => (result.status === "fulfilled" ? result.value : -1)));
      }
      default:
        return program satisfies never;
    }
  };
  const branches = (parts: readonly Program[]): Record<string, (ctx: Context) => Promise<number>> =>
    Object.fromEntries(parts.map((part, index) => [`b${index}`, (ctx: Context) => run(ctx, part)]));
  return self;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
