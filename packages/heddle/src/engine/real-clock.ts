import type { Clock } from "@heddle/kernel";

/** Longest delay that a Node timer takes; a longer one fires at once. */
const longestTimerMs = 2 ** 31 - 1;

// Taken when this file is loaded: strict mode later replaces the globals for workflow code, and the engine must not notice.
const nowMs = Date.now;
const startTimer = setTimeout;
const { hrtime } = process;

// As `performance.now()`, which takes 1 ms to load.
function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** The machine's clock. */
export const realClock: Clock = {
  nowMs: () => nowMs(),
  monotonicMs,
  after(delayMs, call) {
    const dueMs = monotonicMs() + delayMs;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      // A Node timer may fire up to a millisecond early by the finer clock: wait for the rest.
      const leftMs = dueMs - monotonicMs();
      timer = startTimer(() => (dueMs - monotonicMs() > 0.5 ? arm() : call()), Math.min(Math.max(0, Math.ceil(leftMs)), longestTimerMs));
    };
    arm();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
