import { decodeValue, durationMs, HeddleError, jsonBytes, type Json, type NewRun, type RunEvent } from "@heddle/kernel";
import type { Definition } from "./definition.ts";
import { type Demand, demandOf, plainDemand } from "./demand.ts";
import type { StartOptions } from "./engine.ts";
import { eventText, runStartedText } from "./event-text.ts";
import { inputHash } from "./input-hash.ts";
import type { ChildPlan } from "./frame/operation.ts";

type Started = Extract<RunEvent, { readonly type: "run-started" }>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A run that is about to be created, and its first event. */
export interface PreparedRun {
  readonly run: NewRun;
  readonly started: Started;
  /** It may begin at once. */
  readonly due: boolean;
}

const noTags: Readonly<Record<string, string>> = Object.freeze({});

/** @param id for a run whose starter gave none */
export function prepareRun(
  definition: Definition,
  checkedInput: unknown,
  input: Json | undefined,
  options: StartOptions,
  { nowMs, id, demand }: { readonly nowMs: number; readonly id: () => string; readonly demand: Demand },
): PreparedRun {
  const delayMs = options.delay === undefined ? 0 : durationMs(options.delay, "delay");
  const timeoutMs = options.timeout === undefined ? definition.timeoutMs : durationMs(options.timeout, "timeout");
  const limit = definition.limitOf === null ? null : definition.limitOf(checkedInput);
  const rate = definition.rateOf === null ? null : definition.rateOf(checkedInput);
  const started: Mutable<Started> = { type: "run-started", atMs: nowMs, workflow: definition.name, planHash: definition.planHash };
  if (definition.version !== undefined) started.version = definition.version;
  if (input !== undefined) started.input = input;
  if (timeoutMs !== undefined) started.deadlineAtMs = nowMs + delayMs + timeoutMs;
  const run: NewRun = {
    row: {
      runId: options.id ?? definition.idBeginning + id(),
      workflow: definition.name,
      version: definition.version ?? null,
      wakeAtMs: nowMs + delayMs,
      priority: options.priority ?? 0,
      limitKey: limit === null ? null : limit.key,
      limitMax: limit === null ? null : limit.max,
      rateKey: rate === null ? null : rate.key,
      rateMax: rate === null ? null : rate.max,
      ratePeriodMs: rate === null ? null : rate.periodMs,
      queue: demand.queue,
      placement: demand.placement,
      tenant: options.tenant ?? null,
      dedupKey: options.idempotencyKey === undefined ? null : `${definition.name}:${options.idempotencyKey}`,
      parentId: null,
      tags: options.tags ?? noTags,
      createdAtMs: nowMs,
      // Most starts make an id of their own: nobody will ever ask whether their input is the same.
      inputHash: options.id === undefined && options.idempotencyKey === undefined ? "" : inputHash(input ?? null),
    },
    events: [runStartedText(started)],
  };
  return { run, started, due: delayMs === 0 };
}

/**
 * A run that another one calls or starts. Its code may be unknown here: then a node that has it runs it, without the limits and deadline of its definition.
 *
 * @param parent whose operation it is
 * @param tenant the parent's
 */
export function prepareChild(
  definition: Definition | undefined,
  child: ChildPlan,
  parent: { readonly runId: string; readonly of: number; readonly key: string },
  tenant: string | null,
  nowMs: number,
): NewRun {
  const limited = definition !== undefined && (definition.limitOf !== null || definition.rateOf !== null);
  const input = limited && child.input !== undefined ? decodeValue(child.input) : undefined;
  const limit = definition?.limitOf?.(input) ?? null;
  const rate = definition?.rateOf?.(input) ?? null;
  const timeoutMs = definition?.timeoutMs;
  const demand = demandOf(child, definition?.demand ?? plainDemand, `child "${parent.key}"`);
  const started: Started = {
    type: "run-started",
    atMs: nowMs,
    workflow: child.workflow,
    ...(child.version === undefined ? null : { version: child.version }),
    planHash: definition?.planHash ?? "",
    ...(child.input === undefined ? null : { input: child.input }),
    ...(timeoutMs === undefined ? null : { deadlineAtMs: nowMs + timeoutMs }),
    parent,
  };
  return {
    row: {
      runId: child.runId,
      workflow: child.workflow,
      version: child.version ?? null,
      wakeAtMs: nowMs,
      priority: 0,
      limitKey: limit?.key ?? null,
      limitMax: limit?.max ?? null,
      rateKey: rate?.key ?? null,
      rateMax: rate?.max ?? null,
      ratePeriodMs: rate?.periodMs ?? null,
      queue: demand.queue,
      placement: demand.placement,
      tenant: child.tenant ?? tenant,
      dedupKey: null,
      parentId: parent.runId,
      tags: child.tags,
      createdAtMs: nowMs,
      inputHash: child.inputHash ?? inputHash(null),
    },
    events: [eventText(started)],
  };
}

/** @throws HeddleError `VALUE_TOO_LARGE` */
export function checkInputSize(name: string, input: Json | undefined, limit: number): void {
  if (typeof input !== "object" && typeof input !== "string") return;
  const bytes = jsonBytes(input);
  if (bytes <= limit) return;
  throw new HeddleError(
    "VALUE_TOO_LARGE",
    `The input of "${name}" is ${bytes} bytes as JSON; the limit is ${limit}. Keep the data elsewhere and pass where it is, or raise maxValueBytes.`,
    { data: { bytes, limit } },
  );
}

/** A workflow's name as the beginning of its runs' ids. */
export function idBeginning(name: string): string {
  return `${name.replace(/[^A-Za-z0-9_.:-]/g, "-").slice(0, 100)}-`;
}
