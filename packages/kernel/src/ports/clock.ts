/** Time. The engine reads no other. */
export interface Clock {
  /** Wall time in epoch milliseconds: for records and due times. May jump. */
  nowMs(): number;
  /** Time that only grows, in milliseconds from any origin: for leases and timeouts. */
  monotonicMs(): number;
  /** Calls back once, not before `delayMs` have passed by `monotonicMs`; any length, also beyond 2^31 ms. Disposing cancels. */
  after(delayMs: number, call: () => void): Disposable;
}
