import { durationMs, HeddleError, type RetryPolicy } from "@heddle/kernel";
import type { StepContext, StepOptions } from "../../workflow/context.ts";

/** A step's code and options, read once. Times in milliseconds; absent: no limit. */
export interface StepPlan {
  readonly run: (step: StepContext) => unknown;
  readonly retry: RetryPolicy | null;
  readonly timeoutMs: number | undefined;
  readonly totalTimeoutMs: number | undefined;
  readonly heartbeatMs: number | undefined;
  readonly once: boolean;
  readonly compensate: ((result: never, step: StepContext) => unknown) | undefined;
}

export function stepPlan(
  key: string,
  run: (step: StepContext) => unknown,
  options: Omit<StepOptions<never>, "input"> | undefined,
): StepPlan {
  if (typeof run !== "function") {
    throw new HeddleError("OPTION_INVALID", `Step "${key}" has no function to run: pass it as the second argument.`, { data: { key } });
  }
  if (options === undefined)
    return {
      run,
      retry: null,
      timeoutMs: undefined,
      totalTimeoutMs: undefined,
      heartbeatMs: undefined,
      once: false,
      compensate: undefined,
    };
  return {
    run,
    retry: retryPolicy(options.retry),
    timeoutMs: optionalMs(options.timeout),
    totalTimeoutMs: optionalMs(options.totalTimeout),
    heartbeatMs: optionalMs(options.heartbeat),
    once: options.effect === "at-most-once",
    compensate: options.compensate,
  };
}

/** A number stands for that many attempts with the default waits. */
export function retryPolicy(retry: number | RetryPolicy | undefined): RetryPolicy | null {
  if (retry === undefined) return null;
  return typeof retry === "number" ? { attempts: retry } : retry;
}

function optionalMs(duration: number | string | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration);
}
