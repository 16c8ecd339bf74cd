/** What one file of tests came to. */
export interface FileResult {
  passed: number;
  failed: number;
  skipped: number;
  durationMs: number;
  /** What tests said of themselves: seeds, counts, sizes. */
  readonly said: string[];
}

export interface LaneFacts {
  /** `2026-11-21` */
  readonly date: string;
  readonly seed: string;
  readonly machine: string;
}

/** The text of `docs/slow-lane.md`. @param files by path from the repository's root */
export function slowLanePage(files: ReadonlyMap<string, FileResult>, { date, seed, machine }: LaneFacts): string {
  const rows = [...files].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const sum = (of: (result: FileResult) => number): number => rows.reduce((total, [, result]) => total + of(result), 0);
  const cells = (name: string, { passed, failed, skipped, durationMs }: Omit<FileResult, "said">): string =>
    `| ${name} | ${passed} | ${failed === 0 ? "0" : `**${failed}**`} | ${skipped} | ${Math.round(durationMs / 1000)} |`;
  const total = { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed), skipped: sum(({ skipped }) => skipped) };
  const said = rows.filter(([, result]) => result.said.length > 0);
  return [
    "# The slow lane",
    "Written by `npm run test:slow -- --write`: its last full run. What is in it, and how to run parts of it, stands in [CONTRIBUTING.md](../CONTRIBUTING.md).",
    `${date}, seed ${seed}, ${machine}.`,
    [
      "| file | passed | failed | skipped | seconds |",
      "|---|---:|---:|---:|---:|",
      ...rows.map(([file, result]) => cells(`\`${file}\``, result)),
      cells("all", { ...total, durationMs: sum(({ durationMs }) => durationMs) }),
    ].join("\n"),
    ...(said.length === 0
      ? []
      : [
          "What tests said of themselves:",
          said.flatMap(([file, result]) => result.said.map((text) => `- \`${file}\`: ${text}`)).join("\n"),
        ]),
  ]
    .join("\n\n")
    .concat("\n");
}
