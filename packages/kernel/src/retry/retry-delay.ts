import type { ErrorValue } from "../run/outcome.ts";
import type { RetryPolicy } from "./retry-policy.ts";

/** What an absent field of a RetryPolicy means. `only`, `except` and `totalMs` have no default: absent, they hold nothing back. */
export const retryDefaults = { attempts: 1, initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: "full" } as const;

/** Whether another attempt follows; if not, in words that go after "No retry: ". */
export type RetryDecision = { readonly retry: true; readonly delayMs: number } | { readonly retry: false; readonly why: string };

/**
 * How long to wait before the attempt after `failedAttempt` (from 1), in whole milliseconds: `initialMs` times `factor` for each
 * further one, at most `maxMs`; with full jitter the part `random01` (evenly in [0, 1)) of it.
 */
export function retryDelayMs(policy: RetryPolicy, failedAttempt: number, random01: number): number {
  const {
    initialMs = retryDefaults.initialMs,
    factor = retryDefaults.factor,
    maxMs = retryDefaults.maxMs,
    jitter = retryDefaults.jitter,
  } = policy;
  const grown = initialMs === 0 ? 0 : initialMs * factor ** (failedAttempt - 1); // 0 times infinity is no wait
  const wait = Math.min(grown, maxMs);
  return Math.round(jitter === "full" ? wait * random01 : wait);
}

/**
 * Decide about another attempt after the failed one.
 *
 * @param failedAttempt number of the attempt that failed, from 1
 * @param elapsedMs since the first attempt started
 * @param random01 evenly in [0, 1); the same number gives the same decision
 */
export function mayRetry(
  policy: RetryPolicy | undefined,
  failedAttempt: number,
  error: ErrorValue,
  elapsedMs: number,
  random01: number,
): RetryDecision {
  const attempts = policy?.attempts ?? retryDefaults.attempts;
  if (error.final === true) return { retry: false, why: "the error is marked as final" };
  if (policy === undefined || failedAttempt >= attempts) return { retry: false, why: `attempt ${failedAttempt} of ${attempts} failed` };
  const name = error.code ?? error.name;
  if (policy.except !== undefined && isListed(policy.except, error)) return { retry: false, why: `the policy excepts ${name}` };
  if (policy.only !== undefined && !isListed(policy.only, error)) return { retry: false, why: `the policy does not list ${name}` };
  const delayMs = retryDelayMs(policy, failedAttempt, random01);
  const { totalMs } = policy;
  if (totalMs !== undefined && elapsedMs + delayMs > totalMs) {
    return {
      retry: false,
      why: `the next attempt would start after ${elapsedMs + delayMs} ms, later than the ${totalMs} ms of the policy`,
    };
  }
  return { retry: true, delayMs };
}

function isListed(names: readonly string[], error: ErrorValue): boolean {
  return names.includes(error.name) || (error.code !== undefined && names.includes(error.code));
}
