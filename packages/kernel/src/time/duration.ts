import { HeddleError } from "../errors/heddle-error.ts";

const unitMs = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const pattern =
  /^(?:(?<w>\d+(?:\.\d+)?)w)?(?:(?<d>\d+(?:\.\d+)?)d)?(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m)?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$/;

/** Longest time that fits beside a date: beyond it no date can say when it ends. */
const longestMs = 8.64e15;

/**
 * A length of time in whole milliseconds, rounded up: a number is milliseconds; text is one or more of `w d h m s ms`, largest first,
 * such as `"250ms"`, `"1h30m"`, `"1.5h"`.
 *
 * @param what names it in the error's sentence: `the timeout of step "charge"`
 * @throws HeddleError `OPTION_INVALID` it is negative, not finite, longer than any date reaches, or not such a text
 */
export function durationMs(duration: number | string, what = "a duration"): number {
  const milliseconds = typeof duration === "number" ? duration : readText(duration);
  if (milliseconds === null || !(milliseconds >= 0) || milliseconds > longestMs) {
    const shown = typeof duration === "number" ? String(duration) : (JSON.stringify(duration) ?? "absent");
    const name = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
    const message = `${name} is ${shown}. Give milliseconds as a number from 0, or text such as "250ms", "10s", "1h30m", "2d", "1w".`;
    throw new HeddleError("OPTION_INVALID", message, { data: { what, got: duration } });
  }
  return Math.ceil(milliseconds);
}

/** Null for text that is no duration, and for what is no text at all. */
function readText(text: unknown): number | null {
  const groups = typeof text === "string" && text !== "" ? pattern.exec(text)?.groups : undefined;
  if (groups === undefined) return null;
  let milliseconds = 0;
  for (const [unit, size] of Object.entries(unitMs)) milliseconds += Number(groups[unit] ?? 0) * size;
  // 1.1h is 3,960,000 ms and a rounding error: do not round that up to one more.
  return Math.round(milliseconds * 1_000) / 1_000;
}
