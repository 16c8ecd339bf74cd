import type { Bar, BarId } from "./bars.ts";
import { bars, meets } from "./bars.ts";
import type { Share } from "./cpu-profile.ts";
import type { Spread } from "./statistics.ts";

/** One line of the result: what was measured, and how it stands to its bar. */
export interface Figure {
  /** `W1` to `W11`. */
  readonly workload: string;
  readonly name: string;
  /** Whose figure it is: `Heddle`, a peer or a floor. */
  readonly of: string;
  readonly spread: Spread;
  readonly unit: string;
  /** Set when `spread` is of ratios: what it was divided by. */
  readonly against?: string;
  readonly bar?: BarId;
  readonly verdict?: "met" | "missed";
  /** Anything a reader must know beside the figure. */
  readonly note?: string;
}

/** Something that was not measured, and why. */
export interface Skipped {
  readonly workload: string;
  readonly name: string;
  readonly of: string;
  readonly skipped: string;
  /** It was ours to measure: this fails the bench. */
  readonly fault?: true;
}

/** Where the time of something that missed its bar went. */
export interface Profiled {
  readonly workload: string;
  readonly name: string;
  readonly of: string;
  /** Functions by their own time, largest first. */
  readonly profile: readonly Share[];
}

export type Result = Figure | Skipped | Profiled;

export function isFigure(result: Result): result is Figure {
  return "spread" in result;
}

export function judged(figure: Omit<Figure, "verdict">): Figure {
  if (figure.bar === undefined) return figure;
  return { ...figure, verdict: meets(bars[figure.bar], figure.spread.median) ? "met" : "missed" };
}

/** The counted bars that were missed, and what of ours could not be measured at all: these fail the bench, one sentence each. */
export function failures(results: readonly Result[]): string[] {
  return results.flatMap((result) => {
    const { workload, name, of } = result;
    if ("skipped" in result) return result.fault === true ? [`${workload} ${name}: ${of} could not be measured: ${result.skipped}`] : [];
    if (!isFigure(result) || result.bar === undefined || result.verdict !== "missed") return [];
    const { kind, text }: Bar = bars[result.bar];
    return kind === "counted" ? [`${workload} ${name}: a counted bar was missed, ${text}`] : [];
  });
}
