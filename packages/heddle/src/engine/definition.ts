import {
  compilePlan,
  planHash,
  HeddleError,
  type CompiledPlan,
  type Json,
  type Outcome,
  type Plan,
  type RetryPolicy,
  type Task,
} from "@heddle/kernel";
import { durationMs, validateRetryPolicy } from "@heddle/kernel";
import { compileTasks, hashTasks, taskList } from "@heddle/kernel/internal";
import { checkWithSchema } from "../workflow/check-schema.ts";
import type { Context, Duration } from "../workflow/context.ts";
import type { Workflow } from "../workflow/workflow.ts";
import { type Demand, demandOf, plainDemand } from "./demand.ts";
import type { DispatchOptions } from "./dispatch/dispatch-options.ts";
import { dispatchRules, type DispatchRules, holdsBack } from "./dispatch/dispatch-rules.ts";
import type { TaskContext } from "./frame/task-context.ts";
import { EdgeSources } from "./edge-sources.ts";
import type { InputSource } from "./input-source.ts";
import { idBeginning } from "./new-run.ts";
import { nativeSha256 } from "./native-sha256.ts";
import type { Interrupts } from "./run/interrupts.ts";
import { TaskTable } from "./task-table.ts";

/**
 * The code of one task; what it returns is its value. Its input: what a verb or spawn gave it; else the value of the task that it comes after,
 * an array of their values in the order of its edges if there are several, an array of the items' values after a spawn; else the run's input.
 */
export type TaskCode = (input: unknown, ctx: TaskContext) => unknown;
/** Called with the error of a task's last attempt and the input of its code; what it returns is the task's value, and its verbs count. */
export type Rescue = (error: Error, input: unknown, ctx: TaskContext) => unknown;
/** What is made of what a task's code came to, in the same turn. */
export interface Conclusion {
  /** Of what it or its rescue gave: what this returns is the task's value, and its verbs count. */
  result(value: unknown, input: unknown, ctx: TaskContext): unknown;
  /** Of what any of these threw: what the task fails with. */
  error(error: unknown): unknown;
}
/** Judges a group by its members' outcomes. */
export type GroupPolicy = (members: readonly { readonly task: string; readonly outcome: Outcome }[], config: Json | undefined) => Outcome;
/** Merges one write into a `fold` channel. */
export type Reducer = (current: unknown, written: unknown) => unknown;

/** Everything that an engine needs to run one version of one workflow. */
export interface Definition {
  readonly name: string;
  readonly version: string | undefined;
  /** Of the ids that its runs are given. */
  readonly idBeginning: string;
  readonly plan: Plan;
  readonly planHash: string;
  readonly compiled: CompiledPlan;
  readonly tasks: TaskTable;
  readonly policies: ReadonlyMap<string, GroupPolicy>;
  readonly reducers: ReadonlyMap<string, Reducer>;
  readonly update: NonNullable<PlanCode["update"]> | null;
  /** Where its runs stop until a person lets them go on; null: nowhere. */
  readonly interrupts: Interrupts | null;
  readonly checkInput: ((input: unknown) => unknown) | null;
  readonly limitOf: ((input: unknown) => { readonly key: string; readonly max: number }) | null;
  readonly rateOf: ((input: unknown) => { readonly key: string; readonly max: number; readonly periodMs: number }) | null;
  readonly timeoutMs: number | undefined;
  /** Where its runs may run, unless they say otherwise. */
  readonly demand: Demand;
  /** In which order ready tasks are begun; null: each at once. */
  readonly dispatch: DispatchRules | null;
  /** Those who watch are told when a task begins. */
  readonly tellsStarts: boolean;
}

/** Task id of the one task that a durable function's Plan has. */
export const functionTask = "main";

/** The Plan of a durable function: one task that starts with the run and whose value is the run's. */
export function workflowPlan(name: string, retry: RetryPolicy | undefined): Plan {
  return {
    heddle: 1,
    name,
    discipline: "eager",
    tasks: {
      [functionTask]: {
        does: { use: name },
        when: [{ id: "start", after: [], join: "all", untaken: "wait" }],
        ...(retry === undefined ? null : { policy: { retry } }),
      },
    },
    output: { task: functionTask },
  };
}

export function defineWorkflow(workflow: Workflow<never, unknown>): Definition {
  const { name, version, options } = workflow;
  const plan = workflowPlan(
    name,
    options.retry === undefined ? undefined : validateRetryPolicy({ attempts: options.retry }, `the retry of workflow "${name}"`),
  );
  // How often it is tried again may change at any time: what is recorded fits either.
  const hash = planHash(workflowPlan(name, undefined));
  const run = workflow.run as (ctx: Context, input: unknown) => unknown;
  const { input: inputSchema, output: outputSchema, concurrency, rateLimit, timeout } = options;
  const finish =
    outputSchema === undefined
      ? null
      : (value: unknown) => checkWithSchema(outputSchema, value, `the result of "${name}"`, "OUTPUT_INVALID");
  const code: TaskCode = finish === null ? (input, ctx) => run(ctx, input) : async (input, ctx) => finish(await run(ctx, input));
  const compiled = compilePlan(plan);
  return {
    name,
    version,
    idBeginning: idBeginning(name),
    plan,
    planHash: hash,
    compiled,
    tasks: new TaskTable(plan, compiled, (id) => (id === functionTask ? code : undefined)),
    policies: new Map(),
    reducers: new Map(),
    update: null,
    interrupts: null,
    checkInput: inputSchema === undefined ? null : (value) => checkWithSchema(inputSchema, value, `the input of "${name}"`),
    limitOf: limitOf(name, concurrency as WorkflowLimit),
    rateOf: rateOf(name, rateLimit as WorkflowRate),
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout, `the timeout of workflow "${name}"`),
    demand: demandOf(options, plainDemand, `workflow "${name}"`),
    dispatch: null,
    tellsStarts: false,
  };
}

type WorkflowLimit = undefined | number | { readonly limit: number; readonly key: (input: unknown) => string };

function limitOf(name: string, concurrency: WorkflowLimit): Definition["limitOf"] {
  if (concurrency === undefined) return null;
  const most = typeof concurrency === "number" ? concurrency : concurrency.limit;
  if (!Number.isInteger(most) || most < 1) {
    throw new HeddleError("OPTION_INVALID", `The concurrency of workflow "${name}" is ${String(most)}: it must be a whole number from 1.`, {
      data: { workflow: name },
    });
  }
  if (typeof concurrency === "number") return () => ({ key: name, max: concurrency });
  return (input) => ({ key: `${name}:${concurrency.key(input)}`, max: concurrency.limit });
}

type WorkflowRate = undefined | { readonly limit: number; readonly period: Duration; readonly key?: (input: unknown) => string };

function rateOf(name: string, rate: WorkflowRate): Definition["rateOf"] {
  if (rate === undefined) return null;
  const { limit: max, period, key } = rate;
  if (!Number.isInteger(max) || max < 1) {
    throw new HeddleError(
      "OPTION_INVALID",
      `The rateLimit of workflow "${name}" is ${String(max)}: its limit must be a whole number from 1.`,
      {
        data: { workflow: name },
      },
    );
  }
  const periodMs = durationMs(period, `the period of the rateLimit of workflow "${name}"`);
  if (periodMs < 1) {
    throw new HeddleError(
      "OPTION_INVALID",
      `The period of the rateLimit of workflow "${name}" is ${String(period)}: it must be longer than nothing.`,
      {
        data: { workflow: name },
      },
    );
  }
  return (input) => ({ key: key === undefined ? name : `${name}:${key(input)}`, max, periodMs });
}

/** Code for a Plan written by hand. */
export interface PlanCode {
  /** By the name in `does.use`. */
  readonly tasks: Readonly<Record<string, TaskCode>>;
  /** By the name in a group's `policy.use`; `strict`, `best_effort` and `at_least` are there already. */
  readonly policies?: Readonly<Record<string, GroupPolicy>>;
  readonly reducers?: Readonly<Record<string, Reducer>>;
  /** `inputs` gives tasks what channels hold. Default `false`. */
  readonly readChannels?: boolean;
  /** What a change of the channels from outside means, as writes in order, where it has a form of its own. Throws what it refuses. Default: a write for each channel. */
  readonly update?: (values: Readonly<Record<string, unknown>>) => Promise<readonly (readonly [channel: string, value: unknown])[]>;
  /** For tasks that have failed for good, by the name in `does.use`. */
  readonly rescues?: Readonly<Record<string, Rescue>>;
  /** By the name in `does.use`. Default: what the code gives is the task's value. */
  readonly conclusions?: Readonly<Record<string, Conclusion>>;
  /** Where a task's input comes from; undefined: from the tasks that it comes after. */
  readonly inputs?: (id: string, task: Task, compiled: CompiledPlan) => InputSource | null | undefined;
  /** Of a superstep plan: tasks before and after which runs stop until a person lets them go on, and what people call these. */
  readonly interrupts?: Interrupts;
  readonly version?: string;
  /** In which order ready tasks are begun, and how many at once. Default: each as soon as it is ready. */
  readonly dispatch?: DispatchOptions;
}

/** A Plan with its code: what `engine.start` and `open` take besides workflows. Made by `planned`. */
export interface PlannedWorkflow<I = unknown, O = unknown> extends Workflow<I, O> {
  readonly plan: Plan;
  readonly code: PlanCode;
}

const builtInPolicies: Readonly<Record<string, GroupPolicy>> = {
  strict: (members) =>
    judge(members, members.filter(({ outcome }) => outcome.status !== "completed" && outcome.status !== "skipped").length === 0),
  best_effort: () => ({ status: "completed" }),
  at_least: (members, config) =>
    judge(
      members,
      members.filter(({ outcome }) => outcome.status === "completed").length >= ((config as { count?: number } | undefined)?.count ?? 1),
    ),
};

function judge(members: readonly { readonly task: string; readonly outcome: Outcome }[], good: boolean): Outcome {
  if (good) return { status: "completed" };
  const failed = members.filter(({ outcome }) => outcome.status !== "completed").map(({ task, outcome }) => `${task} ${outcome.status}`);
  return {
    status: "failed",
    error: { name: "HeddleError", code: "GROUP_FAILED", message: `The group's policy was not met: ${failed.join(", ")}.` },
  };
}

/** Tasks from which on the platform's SHA-256 is worth its loading. */
const largePlan = 1_000;

function ofName<T>(parts: Readonly<Record<string, T>> | undefined, use: string): T | null {
  return parts !== undefined && Object.hasOwn(parts, use) ? (parts[use] as T) : null;
}

export function definePlanned({ plan, code, options }: PlannedWorkflow<never, unknown>): Definition {
  const { input: inputSchema, concurrency, rateLimit, timeout } = options;
  const codeOf = (_id: string, { does }: Task): TaskCode | undefined =>
    "use" in does && Object.hasOwn(code.tasks, does.use) ? code.tasks[does.use] : undefined;
  const list = taskList(plan.tasks);
  list.tasks.forEach((task, number) => {
    const id = list.ids[number] as string;
    if (!("use" in task.does) || codeOf(id, task) !== undefined) return;
    throw new HeddleError(
      "HANDLER_UNKNOWN",
      `Task "${id}" of plan "${plan.name}" does "${task.does.use}", which is not among the given code: ${Object.keys(code.tasks).join(", ")}.`,
    );
  });
  const compiled = compileTasks(plan, list);
  return {
    name: plan.name,
    version: code.version,
    idBeginning: idBeginning(plan.name),
    plan,
    planHash: hashTasks(plan, list, list.ids.length < largePlan ? undefined : nativeSha256),
    compiled,
    tasks: new TaskTable(
      plan,
      compiled,
      codeOf,
      (id, task, tables) => {
        const source = code.inputs?.(id, task, tables);
        return source === undefined ? EdgeSources.of(task, tables) : source;
      },
      (use) => ofName(code.rescues, use),
      (use) => ofName(code.conclusions, use),
      code.readChannels ?? false,
    ),
    policies: new Map(Object.entries({ ...builtInPolicies, ...code.policies })),
    reducers: new Map(Object.entries(code.reducers ?? {})),
    update: code.update ?? null,
    interrupts: code.interrupts ?? null,
    checkInput: inputSchema === undefined ? null : (value) => checkWithSchema(inputSchema, value, `the input of "${plan.name}"`),
    limitOf: limitOf(plan.name, concurrency as WorkflowLimit),
    rateOf: rateOf(plan.name, rateLimit as WorkflowRate),
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout, `the timeout of plan "${plan.name}"`),
    demand: demandOf(options, plainDemand, `plan "${plan.name}"`),
    dispatch: code.dispatch === undefined || !holdsBack(code.dispatch, list.tasks) ? null : dispatchRules(plan, code.dispatch),
    tellsStarts: code.dispatch !== undefined,
  };
}
