import type { Glyphs } from "../text/style.ts";

/** A bar of `columns` columns, its ends included: `▕███▍    ▏`. Full only when all is done, never empty once something is. */
export function progressBar(done: number, total: number, columns: number, glyphs: Pick<Glyphs, "bar">): string {
  const { left, right, full, parts, empty } = glyphs.bar;
  const cells = Math.max(1, columns - 2);
  const share = total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
  let steps = Math.floor(share * cells * parts.length);
  if (done > 0 && steps === 0) steps = 1;
  const whole = Math.floor(steps / parts.length);
  const part = parts[steps % parts.length] ?? "";
  return left + full.repeat(whole) + part + empty.repeat(Math.max(0, cells - whole - (part === "" ? 0 : 1))) + right;
}
