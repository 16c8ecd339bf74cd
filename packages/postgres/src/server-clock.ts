import type pg from "pg";

/** The server's time in SQL, milliseconds since the epoch. */
export const serverNow = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const { hrtime } = process;

/** What was told a little too late is not taken back: the time stands still for so long at most. One that is set back by more, is. */
const standMs = 1_000;

/** In milliseconds, from any origin. Not `performance.now`: strict mode keeps workflow code from it, and the engine reads the time in its midst. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/**
 * The server's time, told from its answers and by the monotonic clock in between: nodes whose own clocks are wrong agree in it, and it does not jump when one
 * of theirs is set. To be asked once before its time is used.
 */
export class ServerClock {
  /** Server's time less monotonic time. */
  #offsetMs: number | null = null;
  #toldMs = 0;

  nowMs(): number {
    const nowMs = Math.floor(monotonicMs() + (this.#offsetMs ?? 0));
    if (nowMs > this.#toldMs || nowMs < this.#toldMs - standMs) this.#toldMs = nowMs;
    return this.#toldMs;
  }

  async ask(client: pg.Client): Promise<void> {
    const sentAtMs = monotonicMs();
    const { rows } = await client.query<{ now_ms: number }>(`SELECT ${serverNow} AS now_ms`);
    this.heard(rows[0]!.now_ms, sentAtMs, monotonicMs());
  }

  /**
   * An answer tells the server's time at some moment between the question and itself. What is told already is believed as far as that can be so: an
   * answer that a process heard late, because it was stopped, says little.
   *
   * @param sentAtMs monotonic time of the question
   * @param heardAtMs of the answer
   */
  heard(serverMs: number, sentAtMs: number, heardAtMs: number): void {
    const least = serverMs - heardAtMs;
    const most = serverMs - sentAtMs;
    this.#offsetMs = this.#offsetMs === null ? (least + most) / 2 : Math.min(Math.max(this.#offsetMs, least), most);
  }
}
