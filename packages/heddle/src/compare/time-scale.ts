const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** Units for times from so many milliseconds on. */
const units = [
  { name: "h", ms: hourMs },
  { name: "min", ms: minuteMs },
  { name: "s", ms: secondMs },
  { name: "ms", ms: 1 },
] as const;

/** Points on an axis of so many milliseconds: about `most`, at round times of one unit. */
export function ticksOf(untilMs: number, most: number): readonly { readonly atMs: number; readonly text: string }[] {
  if (untilMs <= 0) return [{ atMs: 0, text: "0" }];
  const unit = unitOf(untilMs / 3);
  const roughly = untilMs / unit.ms / most;
  const power = 10 ** Math.floor(Math.log10(roughly));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= roughly) ?? 10);
  const ticks: { atMs: number; text: string }[] = [];
  for (let count = 0; count * step * unit.ms <= untilMs; count++)
    ticks.push({ atMs: count * step * unit.ms, text: `${trimmed(count * step)} ${unit.name}` });
  return ticks;
}

/** A time for people, in its largest unit: `1.25 min`. */
export function timeText(ms: number): string {
  const unit = unitOf(ms);
  return `${trimmed(ms / unit.ms)} ${unit.name}`;
}

function unitOf(ms: number): (typeof units)[number] {
  return units.find((unit) => ms >= unit.ms) ?? units[3];
}

function trimmed(amount: number): string {
  return String(Number(amount.toPrecision(3)));
}
