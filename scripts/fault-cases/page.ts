import type { CaseTest } from "./find-tests.ts";

export interface CaseGroup {
  readonly title: string;
  readonly cases: Readonly<Record<number, string>>;
}

const opening = `# What can go wrong, and the test of it

Each line is something that happens to real systems. The tests beside it make it happen, with real processes and real signals where it is about processes,
and show what Heddle does then. Their titles say what you can rely on. To run those of one case:

\`\`\`sh
npm test -- packages --test-name-pattern="case 24:"
\`\`\`

Files named \`*.slow.ts\`, and larger counts of some others, belong to the slow lane (\`npm run test:slow\`). This page is written by \`npm run write:fault-cases\`
from the titles of the tests; \`npm test\` fails when it is out of date, and when a case has no test.
`;

/** The page that lists every case with its tests (by file, as paths from the root), and what is wrong: a case without a test, a test of no known case. */
export function faultCasePage(
  groups: readonly CaseGroup[],
  tests: ReadonlyMap<string, readonly CaseTest[]>,
): { readonly page: string; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const known = new Set(groups.flatMap(({ cases }) => Object.keys(cases).map(Number)));
  for (const [file, found] of tests)
    for (const { number, title } of found)
      if (!known.has(number)) faults.push(`${file}: "${title}" is of case ${number}, which is no case`);
  let page = opening;
  for (const { title, cases } of groups) {
    page += `\n## ${title}\n\n| case | what happens | tests |\n|---|---|---|\n`;
    for (const [number, words] of Object.entries(cases)) {
      const lines = [...tests].flatMap(([file, found]) => {
        const titles = found.filter((each) => each.number === Number(number)).map((each) => `“${each.title.replaceAll("|", "\\|")}”`);
        return titles.length === 0 ? [] : [`[${file.split("/").at(-1)}](../${file}): ${titles.join("; ")}`];
      });
      if (lines.length === 0) faults.push(`case ${number} (${words}) has no test`);
      page += `| ${number} | ${words} | ${lines.join("<br>")} |\n`;
    }
  }
  return { page, faults };
}
