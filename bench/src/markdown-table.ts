import { type Bar, bars } from "./bars.ts";
import type { Figure, Profiled, Result, Skipped } from "./figure.ts";
import { formatNumber } from "./format-number.ts";

const columns = ["workload", "what", "of", "median", "quartiles", "n", "bar", "verdict"] as const;

/** The results as one Markdown table, in the order in which they came; notes and profiles stand below it. */
export function markdownTable(results: readonly Result[]): string {
  const notes: string[] = [];
  const rows: string[][] = [];
  const profiles: string[] = [];
  for (const result of results) {
    if ("skipped" in result) rows.push(skippedRow(result));
    else if ("profile" in result) profiles.push(profileText(result));
    else rows.push(figureRow(result, notes));
  }
  const lines = [
    columns.join(" | "),
    columns.map((name) => (name === "median" || name === "n" ? "---:" : "---")).join(" | "),
    ...rows.map((row) => row.map(escaped).join(" | ")),
  ];
  const table = lines.map((line) => `| ${line} |`).join("\n");
  const below = notes.length === 0 ? [] : [notes.map((note, index) => `${index + 1}. ${note}`).join("\n")];
  return [table, ...below, ...profiles].join("\n\n");
}

function figureRow(figure: Figure, notes: string[]): string[] {
  const { median, q1, q3, count } = figure.spread;
  const unit = figure.against === undefined ? figure.unit : `× ${figure.against}`;
  const bar: Bar | undefined = figure.bar === undefined ? undefined : bars[figure.bar];
  let name = figure.name;
  if (figure.note !== undefined) {
    let place = notes.indexOf(figure.note) + 1;
    if (place === 0) place = notes.push(figure.note);
    name += ` (${place})`;
  }
  return [
    figure.workload,
    name,
    figure.of,
    `${formatNumber(median)} ${unit}`,
    count === 1 ? "" : `${formatNumber(q1)} … ${formatNumber(q3)}`,
    String(count),
    bar?.text ?? "",
    figure.verdict === undefined ? "" : figure.verdict === "met" ? "met" : "**missed**",
  ];
}

function profileText({ name, of, profile }: Profiled): string {
  const shares = profile.map(({ place, share }) => `${(share * 100).toFixed(1)} % \`${place}\``);
  return `Where the time of ${of} goes in "${name}": ${shares.join(", ")}.`;
}

function skippedRow({ workload, name, of, skipped, fault }: Skipped): string[] {
  return [workload, name, of, "", "", "", "", `${fault === true ? "**not measured**" : "skipped"}: ${skipped}`];
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
