// npm test [-- PART-OF-A-PATH… --flag=of-node-test]     the fast lane
// npm run test:slow [-- --seed=N --write PART-OF-A-PATH…]   the slow lane; --sample for its small counts, --write for docs/slow-lane.md
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import type { PostgresServer } from "@heddle/testing";
import { type Lane, laneEnvironment, laneFiles, wantsPostgres } from "./test-lanes.ts";

const root = join(import.meta.dirname, "..");
const given = process.argv.slice(2);
const ours = /^--(slow|sample|write|seed=(\d+))$/;
const lane: Lane = given.includes("--sample") ? "sample" : given.includes("--slow") ? "slow" : "fast";
const seed = Number(given.map((argument) => ours.exec(argument)?.[2]).find((digits) => digits !== undefined) ?? 1);
const filters = given.filter((argument) => !argument.startsWith("-"));
const flags = given.filter((argument) => argument.startsWith("-") && !ours.test(argument));

const files = laneFiles(root, lane, filters);
if (files.length === 0) {
  const where = filters.length === 0 ? "" : ` with ${filters.map((filter) => `"${filter}"`).join(" or ")} in its path`;
  process.stderr.write(`There is no test file in the ${lane} lane${where}.\n`);
  process.exit(2);
}
if (lane !== "fast") process.stdout.write(`${lane} lane, ${files.length} files, --seed=${seed}\n`);

const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
if (lane === "slow" && given.includes("--write"))
  reporters.push(
    `--test-reporter=${join(import.meta.dirname, "slow-lane", "reporter.ts")}`,
    `--test-reporter-destination=${join(root, "docs", "slow-lane.md")}`,
  );
// One server for all files; each test makes a schema of its own there.
const postgres = wantsPostgres(root, files) ? await postgresForTests() : null;

// One process per file, two at a time: files do not share globals, and two cores are kept busy.
// A hanging file is ended and named after the time limit, so that nothing waits for ever.
const timeoutMs = lane === "slow" ? 3_600_000 : 300_000;
const runner = spawn(
  process.execPath,
  ["--test", ...reporters, `--test-concurrency=${lane === "slow" ? 1 : 2}`, `--test-timeout=${timeoutMs}`, ...flags, ...files],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      ...laneEnvironment(lane, seed),
      ...(postgres === null ? {} : { HEDDLE_POSTGRES: postgres.address }),
      // A test that grows without end dies by itself, before the machine does.
      NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --max-old-space-size=${lane === "slow" ? 8_192 : 2_048}`.trim(),
      // Our sources, stripped and compiled once for all processes: each starts 0.3 s sooner. Coverage would be less exact with it.
      ...(flags.some((flag) => flag.includes("coverage")) ? {} : { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "compiled") }),
      PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env["PATH"] ?? ""}`,
    },
  },
);
runner.on("exit", (code) => {
  process.exitCode = code ?? 1;
  void postgres?.[Symbol.asyncDispose]();
});
// A terminal's Ctrl-C reaches the runner by itself: stay until it has cleaned up and printed.
process.on("SIGINT", () => {});

/** The server of `HEDDLE_POSTGRES` serves when there is one; else one is started. Null: the tests on PostgreSQL are not run. */
async function postgresForTests(): Promise<PostgresServer | null> {
  if (process.env["HEDDLE_POSTGRES"] !== undefined) return null;
  const { PostgresServer, postgresInstallations } = await import("@heddle/testing");
  if (postgresInstallations().length > 0) return PostgresServer.start();
  const message = "There is no PostgreSQL on this machine: tests on it are left out. Name a server: HEDDLE_POSTGRES=postgres://…\n";
  if (process.env["CI"] === "true") {
    process.stderr.write(message);
    process.exit(1);
  }
  process.stdout.write(message);
  return null;
}
