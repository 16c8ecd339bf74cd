import { clockStepMs } from "@heddle/kernel";

/** At most `max` permits of a key in any time of `periodMs`. */
export interface Rate {
  readonly key: string;
  readonly max: number;
  readonly periodMs: number;
}

interface Given {
  /** When those were given that may still count, oldest first. */
  times: number[];
  /** So many of them are over, as far as is known. */
  over: number;
  untilMs: number;
}

/** Keys that are looked at with each permit, whether they can be forgotten. */
const sweptAtOnce = 4;

export class Permits {
  /** Those that were given longest ago first. */
  readonly #given = new Map<string, Given>();

  /** How many more may be given now. */
  free({ key, max, periodMs }: Rate, nowMs: number): number {
    const given = this.#given.get(key);
    if (given === undefined) return max;
    const { times } = given;
    // The clock was set back since: they count as given now.
    if ((times.at(-1) ?? 0) > nowMs + clockStepMs)
      for (let at = times.length - 1; at >= given.over && times[at]! > nowMs; at--) times[at] = nowMs;
    while (given.over < times.length && times[given.over]! <= nowMs - periodMs) given.over++;
    return max - (times.length - given.over);
  }

  /** When one more may be given, where none may be now. */
  nextAtMs({ key, max, periodMs }: Rate): number {
    return (this.#given.get(key)?.times.at(-max) ?? 0) + periodMs;
  }

  give(rate: Rate, nowMs: number): void {
    const { key, periodMs } = rate;
    const given = this.#given.get(key) ?? { times: [], over: 0, untilMs: 0 };
    if (given.over > 16 && given.over * 2 > given.times.length) {
      given.times = given.times.slice(given.over);
      given.over = 0;
    }
    const atMs = Math.max(nowMs, given.times.at(-1) ?? nowMs);
    given.times.push(atMs);
    given.untilMs = atMs + periodMs;
    this.#given.delete(key);
    this.#given.set(key, given);
    let left = sweptAtOnce;
    for (const [other, { untilMs }] of this.#given) {
      if (untilMs > nowMs || left-- === 0) break;
      this.#given.delete(other);
    }
  }
}
