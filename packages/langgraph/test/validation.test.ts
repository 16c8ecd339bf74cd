import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** What the suite has for one checkpointer: a smaller number would mean that some of it was not run. */
const testsOfEach = 726;

/** vitest on the file beside this one, in a process of its own. */
async function runSuite(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "heddle-validation-"));
  try {
    const report = join(folder, "report.json");
    const root = join(import.meta.dirname, "..");
    const program = join(root, "..", "..", "node_modules", "vitest", "vitest.mjs");
    const child = spawn(
      process.execPath,
      [program, "run", "--globals", "--reporter=json", `--outputFile=${report}`, "test/validation/heddle-saver.spec.ts"],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } },
    );
    let said = "";
    child.stdout.on("data", (chunk) => (said += String(chunk)));
    child.stderr.on("data", (chunk) => (said += String(chunk)));
    const code = await new Promise((resolve) => child.once("close", resolve));
    try {
      return JSON.parse(readFileSync(report, "utf8")) as Report;
    } catch (error) {
      throw new Error(`vitest ended with ${String(code)} and left no report:\n${said}`, { cause: error });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("LangGraph's suite for checkpointers passes on every store, and none of it is skipped", async () => {
  const stores = process.env["HEDDLE_POSTGRES"] === undefined ? ["memory", "sqlite"] : ["memory", "sqlite", "postgres"];

  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = await runSuite();

  const failed = testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === "failed"));
  const told = failed.map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join("\n")}`);
  assert.deepEqual(told, [], testResults.map(({ message }) => message).join("\n"));
  assert.deepEqual({ numFailedTests, numPendingTests, numTodoTests }, { numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 });
  assert.equal(numPassedTests, stores.length * testsOfEach);
});
