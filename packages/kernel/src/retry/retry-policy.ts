/** When to try again after a failed attempt. Read by `retryDelayMs`; all times in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 1: no retry. */
  readonly attempts?: number;
  /** Wait before the second attempt. Default 1,000. */
  readonly initialMs?: number;
  /** Each further wait is this many times the one before. Default 2. */
  readonly factor?: number;
  /** No wait is longer. Default 60,000. */
  readonly maxMs?: number;
  /** `full` draws evenly between 0 and the wait; `none` waits exactly. Default `full`. */
  readonly jitter?: "full" | "none";
  /** Retry only errors whose `code` or `name` is listed. Default: every error but those marked as final. */
  readonly only?: readonly string[];
  /** Never retry errors whose `code` or `name` is listed. Wins over `only`. */
  readonly except?: readonly string[];
  /** No attempt starts later than this after the first one started. Default: no limit. */
  readonly totalMs?: number;
}
