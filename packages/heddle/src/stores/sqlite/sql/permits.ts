import { clockStepMs } from "@heddle/kernel";
import type { Connection, Row } from "../connection.ts";

/** At most `max` permits of a key in any time of `periodMs`. */
export interface Rate {
  readonly key: string;
  readonly max: number;
  readonly periodMs: number;
}

export interface Permits {
  /** How many more may be given now. */
  free(rate: Rate, nowMs: number): number;
  /** When one more may be given, where none may be now. */
  nextAtMs(rate: Rate): number;
  give(rate: Rate, nowMs: number): void;
}

/** Permits of other keys that are removed with each that is given: so what nobody asks for any more goes faster than new ones come. */
const sweptAtOnce = 4;

export function permits(connection: Connection): Permits {
  const last = connection.statement("SELECT n, at FROM heddle_permit WHERE key = ? ORDER BY n DESC LIMIT 1");
  const setBack = connection.statement("UPDATE heddle_permit SET until = ?2 + until - at, at = ?2 WHERE key = ?1 AND at > ?2");
  const first = connection.statement("SELECT n FROM heddle_permit WHERE key = ? AND at > ? ORDER BY n LIMIT 1");
  const at = connection.statement("SELECT at FROM heddle_permit WHERE key = ? AND n >= ? ORDER BY n LIMIT 1");
  const forget = connection.statement("DELETE FROM heddle_permit WHERE key = ? AND n < ?");
  const insert = connection.statement("INSERT INTO heddle_permit (key, n, at, until) VALUES (?, ?, ?, ?)");
  const sweep = connection.statement(
    "DELETE FROM heddle_permit WHERE (key, n) IN (SELECT key, n FROM heddle_permit WHERE until <= ? ORDER BY until LIMIT ?)",
  );
  const newest = (key: string): { n: number; at: number } | undefined => last.get<Row & { n: number; at: number }>(key);
  /** The oldest that still counts, by its number. */
  const oldest = ({ key, periodMs }: Rate, nowMs: number): number | undefined => first.get<Row & { n: number }>(key, nowMs - periodMs)?.n;
  return {
    free(rate, nowMs) {
      const given = newest(rate.key);
      if (given === undefined) return rate.max;
      // The clock was set back since: they count as given now.
      if (given.at > nowMs + clockStepMs) setBack.run(rate.key, nowMs);
      const from = oldest(rate, nowMs);
      return from === undefined ? rate.max : rate.max - (given.n - from + 1);
    },
    nextAtMs({ key, max, periodMs }) {
      const n = (newest(key)?.n ?? 0) - max + 1;
      return (at.get<Row & { at: number }>(key, n)?.at ?? 0) + periodMs;
    },
    give(rate, nowMs) {
      const given = newest(rate.key);
      const n = (given?.n ?? 0) + 1;
      const atMs = Math.max(nowMs, given?.at ?? nowMs);
      forget.run(rate.key, oldest(rate, nowMs) ?? n);
      insert.run(rate.key, n, atMs, atMs + rate.periodMs);
      sweep.run(nowMs, sweptAtOnce);
    },
  };
}
