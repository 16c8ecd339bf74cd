import {
  type Capabilities,
  checkCapabilities,
  checkQueue,
  checkTenant,
  defaultQueue,
  durationMs,
  HeddleError,
  nameMark,
  priorities,
} from "@heddle/kernel";
import type { EngineOptions, StartOptions } from "./engine.ts";

/** Engine options with their defaults, resolved once. Times in milliseconds. */
export interface ResolvedOptions {
  readonly node: string | undefined;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly drainMs: number;
  readonly graceMs: number;
  readonly retentionMs: number | undefined;
  readonly keepHistory: boolean;
  readonly maxValueBytes: number;
  readonly strict: boolean;
  readonly passive: boolean;
  readonly hotFrames: number;
  readonly queues: readonly string[];
  readonly capabilities: Capabilities;
  readonly onLive: EngineOptions["onLive"];
  readonly onRun: EngineOptions["onRun"];
  readonly onFailure: EngineOptions["onFailure"];
}

export function resolveOptions(options: EngineOptions): ResolvedOptions {
  return {
    node: options.node === undefined ? undefined : nodeName(options.node),
    concurrency: atLeast("concurrency", options.concurrency ?? 1_000, 1),
    leaseMs: atLeast("leaseMs", options.leaseMs ?? 15_000, 50),
    drainMs: atLeast("drainMs", options.drainMs ?? 5_000, 0),
    graceMs: atLeast("graceMs", options.graceMs ?? 10_000, 0),
    retentionMs: options.retention === undefined ? undefined : durationMs(options.retention, "retention"),
    keepHistory: options.keepHistory ?? true,
    maxValueBytes: atLeast("maxValueBytes", options.maxValueBytes ?? 8 * 1024 * 1024, 1),
    strict: options.strict ?? false,
    passive: options.passive ?? false,
    hotFrames: atLeast("hotFrames", options.hotFrames ?? 1_000, 0),
    queues: queuesOf(options.queues),
    capabilities: checkCapabilities(options.capabilities ?? {}, "capabilities"),
    onLive: options.onLive,
    onRun: options.onRun,
    onFailure: options.onFailure,
  };
}

function nodeName(name: unknown): string {
  if (typeof name !== "string" || name === "" || name.includes(nameMark)) invalid("node", name, `a text without ${nameMark}`);
  return name;
}

function queuesOf(queues: EngineOptions["queues"]): readonly string[] {
  if (queues === undefined) return [defaultQueue];
  if (!Array.isArray(queues) || queues.length === 0) invalid("queues", queues, "a list of at least one name");
  return [...new Set(queues.map((queue: unknown, index) => checkQueue(queue, `queues[${index}]`)))];
}

/** @throws HeddleError `OPTION_INVALID` something in the list is no workflow, such as an import that is not there yet */
export function checkWorkflows(workflows: EngineOptions["workflows"] & object): EngineOptions["workflows"] & object {
  if (!Array.isArray(workflows))
    throw new HeddleError("OPTION_INVALID", "workflows is no list: write open(…, { workflows: [first, second] }).", {
      data: { option: "workflows" },
    });
  for (const [index, each] of workflows.entries()) {
    if (typeof each === "object" && each !== null && "name" in each && ("run" in each || "plan" in each)) continue;
    const what = each === undefined ? "undefined, as of an import that is not there or comes in a circle" : `a ${typeof each}`;
    throw new HeddleError("OPTION_INVALID", `workflows[${index}] is ${what}: pass what workflow(…) gave.`, {
      data: { option: `workflows[${index}]` },
    });
  }
  return workflows;
}

/** @throws HeddleError `OPTION_INVALID` */
export function checkStart(options: StartOptions): void {
  if (options.id !== undefined) checkRunId(options.id);
  if (options.priority !== undefined) checkPriority(options.priority);
  if (options.tenant !== undefined) checkTenant(options.tenant, "tenant");
  if (options.tags === undefined) return;
  for (const [name, value] of Object.entries(options.tags)) if (typeof value !== "string") invalid(`tags.${name}`, value, "a text");
}

function checkPriority(priority: number): void {
  const { lowest, highest } = priorities;
  if (Number.isInteger(priority) && priority >= lowest && priority <= highest) return;
  invalid("priority", priority, `a whole number from ${lowest} to ${highest}`);
}

export function checkRunId(id: string): void {
  if (!/^[A-Za-z0-9_.:-]{1,128}$/.test(id)) invalid("id", id, "1 to 128 letters, digits, _ . : or -");
}

function atLeast(name: string, value: number, least: number): number {
  if (typeof value !== "number" || !(value >= least)) invalid(name, value, `a number from ${least}`);
  return value;
}

function invalid(name: string, value: unknown, need: string): never {
  throw new HeddleError("OPTION_INVALID", `${name} is ${JSON.stringify(value) ?? String(value)}: it must be ${need}.`, {
    data: { option: name, value },
  });
}
