/** Time that only grows, in milliseconds from any origin: as `performance.now()`, which takes 1 ms to load. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
