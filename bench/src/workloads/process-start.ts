import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPackages } from "../../../scripts/pack/build-packages.ts";
import { runChild } from "../child-process.ts";
import { dataFolder, folderBytes } from "../data-folder.ts";
import { type Contestant, NotMeasured } from "../sample.ts";
import { column } from "../sitting.ts";
import { comparisons, type Workload } from "../workload.ts";

const oneRun = `
import { open, workflow } from "heddle";
const one = workflow("one", async (ctx) => ctx.step("step", async () => 1));
const engine = await open("sqlite:" + process.argv[2], { workflows: [one] });
const run = await engine.start(one, null);
process.exit((await run.result()) === 1 ? 0 : 1);
`;

/** As the peers' floor: the SQLite module is loaded, nothing is opened. */
const bareProcess = `
import "node:sqlite";
let n = 0;
for (let i = 0; i < 3; i++) n = await (async () => n + 1)();
process.exit(n === 3 ? 0 : 1);
`;

const oneCommit = `
import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(process.argv[2]);
database.exec("pragma journal_mode = wal; pragma synchronous = full; create table step (run text, seq int, body text, primary key (run, seq)) without rowid; insert into step values ('a', 1, '{}')");
process.exit(0);
`;

export const processStart: Workload = {
  id: "W7",
  title: "process start to the first completed durable run, of the installed package",
  async measure(bench, peers) {
    const name = "process start to its end";
    const folder = bench.keep(dataFolder());
    const project = join(folder.path, "project");
    mkdirSync(project);
    for (const [file, text] of [
      ["run.mjs", oneRun],
      ["bare.mjs", bareProcess],
      ["commit.mjs", oneCommit],
    ] as const)
      writeFileSync(join(project, file), text);

    bench.progress("packing and installing");
    try {
      await install(project, join(folder.path, "tarballs"));
    } catch (error) {
      bench.fault(name, (error as Error).message.split("\n").slice(0, 3).join(" "));
      return;
    }
    const modules = join(project, "node_modules");
    const installed = packagesIn(modules);
    bench.give("Heddle", [installed.length], {
      name: "installed",
      unit: "packages",
      bar: "w7-packages",
      note: `an empty project with heddle: ${installed.join(", ")}`,
    });
    bench.give("Heddle", [folderBytes(modules) / 1e6], { name: "installed", unit: "MB", bar: "w7-size" });

    const ours = started("Heddle", project, "run.mjs");
    const bare = started("bare process", project, "bare.mjs");
    const commit = started("bare process with one SQLite commit", project, "commit.mjs");
    const pairs = await bench.against(name, ours, bare);
    if (pairs !== undefined) {
      bench.figure(bare, pairs.theirs, "ms", { name, unit: "ms" });
      bench.figure(ours, pairs.ours, "ms", { name, unit: "ms" });
      const theirs = column(pairs.theirs, "ms");
      bench.give(
        ours,
        column(pairs.ours, "ms").map((ms, pair) => ms - (theirs[pair] as number)),
        { name: `${name}, beyond bare`, unit: "ms", bar: "w7-start" },
      );
    }
    const commits = await bench.alone(name, commit, bench.quick ? 1 : comparisons);
    if (commits !== undefined) bench.figure(commit, commits, "ms", { name, unit: "ms" });

    for (const [who, peer, variant] of [
      ["OpenWorkflow", "openworkflow", "cold start"],
      ["LangGraph.js with SQLite", "langgraph", "cold start (SqliteSaver)"],
      ["Mastra", "mastra", "cold start"],
    ] as const) {
      const other = peers.own(
        who,
        peer,
        ["W7"],
        (lines) => {
          const line = lines.find(({ metric }) => metric?.startsWith(variant));
          return line?.value === undefined ? undefined : { ms: line.value };
        },
        { runs: 3 },
      );
      const samples = await bench.alone(name, other, 1);
      if (samples !== undefined) bench.figure(other, samples, "ms", { name, unit: "ms" });
    }
  },
};

/** Packs the packages as they are published and installs them into an empty project. */
async function install(project: string, tarballs: string): Promise<void> {
  const root = join(import.meta.dirname, "..", "..", "..");
  const built = (await buildPackages(root, tarballs)).filter(({ name }) => name === "heddle" || name === "@heddle/kernel");
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const npm = process.env["npm_execpath"];
  const args = ["install", "--no-audit", "--no-fund", "--loglevel=error", ...built.map(({ tarball }) => tarball)];
  const end = await runChild({
    ...(npm === undefined ? { command: "npm", args } : { args: [npm, ...args] }),
    cwd: project,
    timeoutMs: 300_000,
  });
  if (end.code !== 0) throw new NotMeasured(`the packed package could not be installed: ${end.stderr.trim().split("\n").at(0) ?? ""}`);
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .flatMap(({ name }) => (name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]));
}

function started(name: string, project: string, file: string): Contestant {
  const sample = async (flags: readonly string[]): Promise<{ ms: number }> => {
    using folder = dataFolder();
    const end = await runChild({
      args: ["--no-warnings", ...flags, join(project, file), join(folder.path, "start.db")],
      cwd: project,
      timeoutMs: 60_000,
    });
    if (end.code !== 0) throw new NotMeasured(`${file} ended with ${end.signal ?? end.code}: ${end.stderr.trim().split("\n").at(0) ?? ""}`);
    return { ms: end.ms };
  };
  return { name, sample: () => sample([]), profile: (folder) => sample(["--cpu-prof", `--cpu-prof-dir=${folder}`]) };
}
