import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { hasCode, open } from "heddle";
import audit from "../audit.ts";
import type { AuditInput } from "../audit-input.ts";
import { answerQuestions } from "./answer-questions.ts";
import { writeFixtureProject } from "./fixture-project.ts";
import { temporaryFolder } from "./temporary-folder.ts";

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Seq of the run's last event, where the process came to its end. */
  readonly lastSeq: number;
}

/** Run the audit in a process of its own, which kills itself at an event by its seq, or at the first question. */
async function runAudit(store: string, input: AuditInput, until: number | "ask"): Promise<Ended> {
  const script = new URL("run-audit-until.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, `sqlite:${store}`, JSON.stringify(input), String(until)], {
    stdio: ["ignore", "pipe", "inherit"],
    // A process that hangs fails the test at the place where it hung.
    timeout: 60_000,
  });
  const [[code, signal], output] = await Promise.all([
    once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stdout),
  ]);
  return { code, signal, lastSeq: Number(output) };
}

test("an audit that was killed with SIGKILL again and again writes the bytes of one that was not", { timeout: 300_000 }, async () => {
  await using folder = await temporaryFolder();
  const at = (...parts: readonly string[]): string => join(folder.path, ...parts);
  const input: AuditInput = { date: "2026-06-15" };

  const whole = await runAudit(at("whole.db"), { ...input, out: at("whole") }, Number.POSITIVE_INFINITY);
  assert.deepEqual([whole.code, whole.signal], [0, null]);

  // Before anything, while packages are inspected, and around the writing of the report.
  const { lastSeq } = whole;
  assert.ok(lastSeq > 100, `${lastSeq} events`);
  for (const seq of [1, 5, Math.floor(lastSeq / 3), Math.floor((2 * lastSeq) / 3), lastSeq - 4, lastSeq - 1]) {
    const killed = await runAudit(at("killed.db"), { ...input, out: at("killed") }, seq);
    assert.equal(killed.signal, "SIGKILL", `at ${seq} of ${lastSeq}`);
  }
  const last = await runAudit(at("killed.db"), { ...input, out: at("killed") }, Number.POSITIVE_INFINITY);
  assert.deepEqual([last.code, last.signal], [0, null]);
  assert.deepEqual((await readdir(at("killed"))).toSorted(), ["audit.html", "audit.json"]);
  for (const name of ["audit.html", "audit.json"])
    assert.deepEqual(await readFile(at("killed", name)), await readFile(at("whole", name)), name);
});

test("a question outlives the process that put it, and is put once", { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder();
  await writeFixtureProject(folder.path);
  const store = join(folder.path, "heddle.db");
  const input: AuditInput = { project: folder.path, out: join(folder.path, "report"), date: "2026-06-15" };
  assert.equal((await runAudit(store, input, "ask")).signal, "SIGKILL");

  await using engine = await open(`sqlite:${store}`, { workflows: [audit], leaseMs: 300 });
  const run = await engine.start(audit, input, { id: "audit" });
  const key = "accept/licence:server-side@4.2.0:AGPL-3.0-only";
  const others = [
    "accept/install-script:scripted@2.0.0",
    "accept/licence-differs:says-mit@1.1.0:MIT",
    "accept/licence-unknown:silent@0.1.0",
  ];
  const answers = Object.fromEntries([...others, key].map((one) => [one, { approved: one !== key, by: "Ben" }]));
  assert.deepEqual(await answerQuestions(engine, "audit", answers), [...others, key]);
  assert.deepEqual((await run.result()).verdict, "fail");
  await assert.rejects(
    engine.answer("audit", key, { approved: true }),
    (error) => hasCode(error, "QUESTION_CLOSED") || hasCode(error, "RUN_ENDED"),
  );
});
