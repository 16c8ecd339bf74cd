import { existsSync } from "node:fs";
import { type Command, exitCode } from "../command.ts";
import type { Finding } from "../doctor/finding.ts";
import { lookAtDisk, lookAtFiles } from "../doctor/look-at-disk.ts";
import { lookAtRuns } from "../doctor/look-at-runs.ts";
import { lookAtSqlite } from "../doctor/look-at-sqlite.ts";
import type { Io } from "../io.ts";
import { NextSteps, stepLines } from "../next-steps.ts";
import { readArguments } from "../read-arguments.ts";
import { openToLook, sqliteFile, storeAddress, storeOption, storeUrl } from "../store-location.ts";
import { formatLine, padEnd, wrapText } from "../text/line.ts";
import { shellWord } from "../text/shell-word.ts";
import { printable } from "../text/text-width.ts";

const options = {
  store: storeOption,
  json: { type: "boolean", says: "One JSON object per finding" },
} as const;

/** The Node that our sources and the store need. */
const neededNode = 24;

export const doctor: Command = {
  name: "doctor",
  summary: "Check this machine and the store: Node, disk, schema, runs that nobody takes up, clock",
  usage: "doctor [options]",
  group: "Check",
  options,
  examples: [
    ["doctor", "look at everything, change nothing"],
    ["doctor --json | jq 'select(.status!=\"ok\")'", "only what is not well"],
  ],
  notes: ["Exit code 1 when there is a problem."],
  async run(io) {
    const { values } = readArguments(doctor, options, io, { least: 0, most: 0 });
    const findings = await examine(storeUrl(values.store, io), new NextSteps(io, values.store), io);
    if (values.json) for (const finding of findings) io.out(JSON.stringify(finding));
    else io.out(findings.flatMap((finding) => findingLines(finding, io)).join("\n"));
    return findings.some(({ status }) => status === "problem") ? exitCode.failed : exitCode.done;
  },
};

async function examine(url: string, steps: NextSteps, io: Io): Promise<readonly Finding[]> {
  const findings: Finding[] = [nodeFinding(io.node), { status: "ok", subject: "heddle", says: io.version }];
  const file = sqliteFile(url, io.cwd);
  if (file === null) findings.push({ status: "note", subject: "store", says: `${url} keeps nothing once its process has ended` });
  else if (!existsSync(file))
    return [...findings, { status: "note", subject: "store", says: `${url} is not there yet; the first run makes it` }];
  else {
    findings.push(
      { status: "ok", subject: "store", says: url },
      lookAtFiles(file),
      ...(await lookAtDisk(file, () => io.clock.monotonicMs())),
      ...lookAtSqlite(file),
    );
  }
  try {
    const moved = await movedFinding(url, io);
    if (moved !== null) return [...findings, moved];
    await using engine = await openToLook(url, io);
    return [...findings, ...(await lookAtRuns(engine, io.clock.nowMs(), steps))];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as { code?: unknown };
    const name = typeof code === "string" ? code : error.name;
    return [...findings, { status: "problem", subject: "opens", says: `${error.message} (${name})` }];
  }
}

/** Null: the store is in use as ever. */
async function movedFinding(url: string, io: Io): Promise<Finding | null> {
  if (url === "memory:") return null;
  await using store = await io.openStore(storeAddress(url, io));
  const move = await store.readMove();
  if (move === null) return null;
  const { to, done } = move;
  if (done) return { status: "note", subject: "moved", says: `takes no more writes: its runs go on at ${to}` };
  return {
    status: "problem",
    subject: "moved",
    says: `takes no more writes: its runs are being copied to ${to}, and go on in neither store before that is done`,
    next: [
      ["go on", `${io.program} store copy ${shellWord(url)} ${shellWord(to)}`],
      ["take it back", `${io.program} store copy ${shellWord(url)} ${shellWord(to)} --undo`],
    ],
  };
}

function nodeFinding(version: string): Finding {
  const major = Number(version.split(".")[0]);
  if (major >= neededNode) return { status: "ok", subject: "node", says: version };
  return { status: "problem", subject: "node", says: `${version} is too old; heddle needs ${neededNode} or newer.` };
}

function findingLines(finding: Finding, io: Io): readonly string[] {
  const { glyphs } = io.style;
  const [icon, tone] =
    finding.status === "ok"
      ? ([glyphs.done, "good"] as const)
      : finding.status === "note"
        ? ([glyphs.warn, "warn"] as const)
        : ([glyphs.failed, "bad"] as const);
  const [first = "", ...rest] = wrapText(printable(finding.says), Math.max(20, (io.screen?.columns ?? 120) - 12));
  const head = formatLine([[icon, tone], [` ${padEnd(finding.subject, 8)} `, "strong"], [first]], io.style);
  return [head, ...rest.map((line) => `           ${line}`), ...stepLines(finding.next ?? [], io).map((line) => `         ${line}`)];
}
