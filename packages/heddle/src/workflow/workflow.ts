import { HeddleError, type Placement } from "@heddle/kernel";
import type { Context, Duration } from "./context.ts";
import type { Schema } from "./standard-schema.ts";

/** A durable function by name. Made by `workflow`. */
export interface Workflow<I = unknown, O = unknown> {
  readonly kind: "workflow";
  readonly name: string;
  readonly version?: string;
  /** Without the types of input and output, so that a list of any workflows is a `Workflow<never, unknown>[]`. */
  readonly options: Omit<WorkflowOptions<never, unknown>, "input"> & { readonly input?: Schema };
  readonly run: (ctx: Context, input: I) => Promise<O>;
}

export interface WorkflowOptions<I, O> {
  /** Runs go on with the code of the version that they began with, if it is registered. */
  readonly version?: string;
  readonly input?: Schema<unknown, I>;
  readonly output?: Schema<unknown, O>;
  /** Runs of this workflow under way at once, in the whole store; with `key`, per distinct value. */
  readonly concurrency?: number | { readonly limit: number; readonly key: (input: I) => string };
  /**
   * At most so many runs of this workflow begin in any time of `period`, in the whole store; with `key`, per distinct value. Others wait, queued. One that
   * goes on after it was parked, or after a crash, does not begin again.
   */
  readonly rateLimit?: { readonly limit: number; readonly period: Duration; readonly key?: (input: I) => string };
  /** Longest time of a run. */
  readonly timeout?: Duration;
  /** Attempts of the whole function: its completed steps are kept. Default 1. */
  readonly retry?: number;
  /** Only nodes that serve this queue take its runs up, unless a start says otherwise. Default `"default"`. */
  readonly queue?: string;
  /** What a node must have to take its runs up, unless a start says otherwise. Default: any that serves the queue will do. */
  readonly placement?: Placement;
}

/**
 * Define a durable function: plain async code whose operations on `ctx` outlive the process.
 *
 * @throws HeddleError `OPTION_INVALID` when the name is not an Id, or `run` no function; `open` and `start` check the options
 */
export function workflow<I, O>(
  name: string,
  run: (ctx: Context, input: I) => Promise<O>,
  options: WorkflowOptions<I, O> = {},
): Workflow<I, O> {
  if (typeof name !== "string" || !/^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/.test(name)) {
    throw new HeddleError(
      "OPTION_INVALID",
      `${JSON.stringify(name) ?? typeof name} cannot name a workflow: begin with a letter, digit or _, then also . : / and -, at most 128 characters.`,
      { data: { name } },
    );
  }
  if (typeof run !== "function")
    throw new HeddleError("OPTION_INVALID", `Workflow "${name}" has no function: pass it as the second argument.`, { data: { name } });
  return { kind: "workflow", name, ...(options.version === undefined ? {} : { version: options.version }), options, run };
}
