import { durationMs, HeddleError, type RetryPolicy, validateRetryPolicy } from "@heddle/kernel";
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

/** @throws HeddleError `OPTION_INVALID` */
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
  const { effect } = options;
  if (effect !== undefined && effect !== "at-most-once" && effect !== "at-least-once") {
    throw new HeddleError("OPTION_INVALID", `The effect of step "${key}" is ${String(effect)}: it is "at-least-once" or "at-most-once".`, {
      data: { key, effect },
    });
  }
  return {
    run,
    retry: retryPolicy(options.retry, key),
    timeoutMs: optionalMs(options.timeout, "timeout", key),
    totalTimeoutMs: optionalMs(options.totalTimeout, "totalTimeout", key),
    heartbeatMs: optionalMs(options.heartbeat, "heartbeat", key),
    once: effect === "at-most-once",
    compensate: options.compensate,
  };
}

/** A number stands for that many attempts with the default waits. */
function retryPolicy(retry: number | RetryPolicy | undefined, key: string): RetryPolicy | null {
  if (retry === undefined) return null;
  return validateRetryPolicy(typeof retry === "number" ? { attempts: retry } : retry, `the retry policy of step "${key}"`);
}

function optionalMs(duration: number | string | undefined, option: string, key: string): number | undefined {
  return duration === undefined ? undefined : durationMs(duration, `the ${option} of step "${key}"`);
}
