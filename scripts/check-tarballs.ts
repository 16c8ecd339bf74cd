// npm run check:tarballs: what would be published, installed into an empty project without the network, works there.
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { buildPackages } from "./pack/build-packages.ts";
import { lintPackage } from "./pack/lint-package.ts";
import { consumer, consumerConfig } from "./tarballs/consumer.ts";
import { addPackage, installProject } from "./tarballs/install-project.ts";

const maxPackages = 5;
const maxBytes = 3_000_000;
/** Packages that need some of other people: these are copied from the clone. */
const fromElsewhere = ["@heddle/postgres", "@heddle/langgraph"];

const root = join(import.meta.dirname, "..");
// Outside of the clone: nothing of it may be found by accident.
const work = mkdtempSync(join(tmpdir(), "heddle-tarballs-"));
let faults = 0;

function report(what: string, found: readonly string[]): void {
  process.stdout.write(`${found.length === 0 ? "ok   " : "FAULT"} ${what}\n${found.map((fault) => `${fault.trimEnd()}\n`).join("")}`);
  faults += found.length;
}

/** Runs a program in the project with Node 24 first on the path; a fault is its output. */
function run(what: string, cwd: string, command: string, args: readonly string[], expected: RegExp): void {
  const env = { ...process.env, NO_COLOR: "1", PATH: `${join(process.execPath, "..")}${delimiter}${process.env["PATH"] ?? ""}` };
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env,
    timeout: 180_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  report(
    what,
    status === 0 && expected.test(stdout)
      ? []
      : [`${command} ${args.join(" ")} ended with ${status}; expected ${expected} in:\n${stdout}${stderr}`],
  );
}

try {
  const built = await buildPackages(root, join(work, "packed"));
  for (const one of built) report(`${one.name} is well packed`, await lintPackage(root, one));
  const tarball = (name: string): string => built.find((one) => one.name === name)?.tarball ?? "";

  const light = installProject(join(work, "light"), [tarball("heddle"), tarball("@heddle/kernel")], root);
  const size = `${light.packages.length} packages, ${light.bytes} bytes: ${light.packages.join(", ")}`;
  report(
    `an installed heddle is ${size}`,
    light.packages.length <= maxPackages && light.bytes <= maxBytes ? [] : [`at most ${maxPackages} packages and ${maxBytes} bytes`],
  );

  const project = join(work, "project");
  installProject(
    project,
    built.filter(({ name }) => !fromElsewhere.includes(name)).map((one) => one.tarball),
    root,
  );
  const opens = `import { open } from "heddle"; await open("postgres://127.0.0.1:1/nowhere").catch(({ code }) => console.log(code));`;
  run("a store's package that is not installed is named", project, process.execPath, ["--eval", opens], /^STORE_PACKAGE_MISSING$/m);
  addPackage(project, tarball("@heddle/postgres"), root);
  run("with it the store is asked for", project, process.execPath, ["--eval", opens], /^STORE_UNAVAILABLE$/m);
  addPackage(project, tarball("@heddle/langgraph"), root);
  const saves = `import { HeddleSaver } from "@heddle/langgraph"; await using saver = await HeddleSaver.open("sqlite:threads.db");
    const checkpoint = { v: 4, id: "1", ts: "", channel_values: { word: "kept" }, channel_versions: { word: 1 }, versions_seen: {} };
    await saver.put({ configurable: { thread_id: "t" } }, checkpoint, { source: "loop", step: 1, parents: {} }, { word: 1 });
    console.log((await saver.getTuple({ configurable: { thread_id: "t" } })).checkpoint.channel_values.word);`;
  run("a LangGraph thread is kept", project, process.execPath, ["--eval", saves], /^kept$/m);
  writeFileSync(join(project, "first-day.ts"), consumer);
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(consumerConfig));
  run("its types stand alone", project, join(root, "node_modules", ".bin", "tsc"), ["-p", "."], /^$/);
  run("a first workflow runs", project, process.execPath, ["first-day.ts"], /^Hello, Ada$/m);
  run("the command line starts", project, "npx", ["--no-install", "heddle", "--help"], /heddle run/);

  cpSync(join(root, "packages", "heddle", "test", "stores"), join(project, "stores"), { recursive: true });
  const suites = globSync("stores/**/*suite*.test.ts", { cwd: project }).sort();
  run(
    `the store suites hold: ${suites.join(", ")}`,
    project,
    process.execPath,
    ["--test", "--test-reporter=spec", ...suites],
    /^ℹ fail 0$/m,
  );

  cpSync(join(root, "examples", "01-audit"), join(project, "audit"), { recursive: true });
  const job = ["--no-install", "heddle", "run", "audit/audit.ts", "--json"];
  run("the main job runs", project, "npx", job, /"type":"result"[^\n]*"status":"completed"[^\n]*\n$/);
} catch (error) {
  report("the packages can be built and installed", [(error as Error).message]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(`${faults} faults\n`);
process.exitCode = faults === 0 ? 0 : 1;
