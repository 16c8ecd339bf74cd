import type { Result } from "./figure.ts";
import { markdownTable } from "./markdown-table.ts";

/** What a sitting was: stands above each workload's table. */
export interface SittingFacts {
  /** `2026-11-21` */
  readonly date: string;
  readonly machine: string;
  /** Load averages over 1, 5 and 15 minutes when the workload began and when it ended. */
  readonly load: string;
  readonly pairs: number;
  readonly quick: boolean;
}

const opening = `# Results

Written by \`npm run bench -- --write\`: Heddle, its peers and the floors in one sitting, interleaved in pairs. Ratios are of pairs; median and
quartiles are over all pairs. Absolute figures move with the machine and above all with its disk: read the ratios. What each workload is and
how it is measured stands in [README.md](README.md).
`;

/**
 * The text of RESULTS.md with the sections of the measured workloads put in; sections of others stay as they are, all in order.
 *
 * @param before the file's text; empty when there is none
 */
export function resultsText(
  before: string,
  results: readonly Result[],
  facts: SittingFacts,
  titles: Readonly<Record<string, string>>,
): string {
  const sections = new Map<string, string>();
  for (const section of before.split(/^(?=## W\d)/m).slice(1)) sections.set(/^## (W\d+)/.exec(section)?.[1] ?? "", section.trimEnd());
  for (const workload of new Set(results.map((result) => result.workload))) {
    const own = results.filter((result) => result.workload === workload);
    const sizes = facts.quick ? ", **quick: small sizes, nothing is claimed**" : "";
    sections.set(
      workload,
      `## ${workload} ${titles[workload] ?? ""}\n\n${facts.date}, ${facts.machine}; load ${facts.load}; ${facts.pairs} pairs${sizes}.\n\n${markdownTable(own)}`,
    );
  }
  const ordered = [...sections].toSorted(([left], [right]) => left.localeCompare(right, "en", { numeric: true }));
  return `${[opening.trimEnd(), ...ordered.map(([, text]) => text)].join("\n\n")}\n`;
}
