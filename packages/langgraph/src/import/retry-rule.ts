import type { RetryPolicy } from "@heddle/kernel";
import { isRecord } from "./compiled-shape.ts";

type Given = Readonly<Record<string, unknown>>;

/** A retry policy of LangGraph's as one of ours. It waits for the first time as LangGraph does: once the interval has grown. */
export function importRetry({ maxAttempts, initialInterval, backoffFactor, maxInterval }: Given): RetryPolicy {
  const factor = numberOr(backoffFactor, 2);
  return {
    attempts: numberOr(maxAttempts, 3),
    initialMs: numberOr(initialInterval, 500) * factor,
    factor,
    maxMs: numberOr(maxInterval, 128_000),
    jitter: "none",
  };
}

/** Statuses of HTTP that say that asking again will not help. */
const refused = [400, 401, 402, 403, 404, 405, 406, 407, 409];

/** Whether LangGraph would try again after this error: by the policy's `retryOn`, or by its own rule. */
export function mayRetry(error: Error, { retryOn }: Given): boolean {
  if (typeof retryOn === "function") return (retryOn as (error: Error) => unknown)(error) === true;
  if (/^(Cancel|AbortError)/.test(error.message) || ["AbortError", "GraphValueError"].includes(error.name)) return false;
  const { code, status, response, error: inner } = error as unknown as Record<string, unknown>;
  if (code === "ECONNABORTED") return false;
  const answered = isRecord(response) ? response["status"] : undefined;
  if (refused.includes(Number(status ?? answered))) return false;
  return !(isRecord(inner) && inner["code"] === "insufficient_quota");
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
