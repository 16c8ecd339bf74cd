import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { open, type AnswerInput, type Engine } from "heddle";
import audit, { type AuditSummary } from "../audit.ts";
import type { AuditInput } from "../audit-input.ts";
import type { AuditReport } from "../report/audit-report.ts";
import { answerQuestions } from "./answer-questions.ts";
import { writeFixtureProject } from "./fixture-project.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const questions = [
  "accept/install-script:scripted@2.0.0",
  "accept/licence-differs:says-mit@1.1.0:MIT",
  "accept/licence-unknown:silent@0.1.0",
  "accept/licence:server-side@4.2.0:AGPL-3.0-only",
] as const;

function answerAll(
  answer: AnswerInput,
  other: Partial<Record<(typeof questions)[number], AnswerInput>> = {},
): Readonly<Record<string, AnswerInput>> {
  return { ...Object.fromEntries(questions.map((key) => [key, answer])), ...other };
}

/** Only what is about AGPL is asked; the rest of the fixture passes with notes. */
const askAboutAgpl = { name: "Ask about AGPL", licences: { allowed: ["MIT", "ISC", "Apache-2.0"], ask: ["AGPL-*"], unlisted: "note" } };

async function readReport(summary: AuditSummary): Promise<AuditReport> {
  return JSON.parse(await readFile(summary.report.json, "utf8")) as AuditReport;
}

for (const store of ["memory:", "sqlite:"]) {
  // A run that waits for an answer that the test does not give would wait for ever.
  describe(`the audit on ${store}`, { timeout: 120_000 }, () => {
    /** A fixture project, an engine on this store, and a folder for the report. */
    async function set(): Promise<{ readonly engine: Engine; readonly input: AuditInput; readonly folder: string } & AsyncDisposable> {
      const folder = await temporaryFolder();
      await writeFixtureProject(folder.path);
      const engine = await open(store === "sqlite:" ? `sqlite:${join(folder.path, "heddle.db")}` : store, {
        workflows: [audit],
      });
      return {
        engine,
        folder: folder.path,
        input: { project: folder.path, out: join(folder.path, "report"), date: "2026-06-15" },
        async [Symbol.asyncDispose]() {
          await engine.close();
          await folder[Symbol.asyncDispose]();
        },
      };
    }

    test("this repository passes, with its packages in the report and nobody asked", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, { out: at.input.out ?? "" }, { id: "own" });
      assert.deepEqual(await answerQuestions(at.engine, "own", {}), []);
      const summary = await run.result();
      const report = await readReport(summary);
      assert.equal(summary.verdict, "pass-with-notes");
      assert.equal(report.packages.length, summary.packages);
      assert.ok(report.packages.length > 100 && report.totals.installed > 50);
      assert.ok((await readFile(summary.report.html, "utf8")).includes("heddle-repository"));
      // The day of a report that was not told one is the day on which its run began.
      assert.equal(report.date, new Date((await run.summary()).createdAtMs).toISOString().slice(0, 10));
    });

    test("puts all its questions at once, and goes on when all are answered", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, at.input, { id: "fixture" });
      assert.deepEqual(
        await answerQuestions(at.engine, "fixture", answerAll({ approved: true, by: "Ana", reason: "inside only" })),
        questions,
      );
      const summary = await run.result();
      const report = await readReport(summary);
      assert.deepEqual([summary.verdict, summary.findings.accepted, summary.findings.forbidden], ["pass-with-notes", 4, 0]);
      const decision = report.findings.find(({ id }) => id === "licence:server-side@4.2.0:AGPL-3.0-only")?.decision;
      assert.deepEqual([decision?.approved, decision?.by, decision?.reason, decision?.timedOut], [true, "Ana", "inside only", false]);
      assert.ok((await readFile(summary.report.html, "utf8")).includes("Accepted by Ana"));
    });

    test("a decision bears the recorded time of its answer", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, at.input, { id: "times" });
      await answerQuestions(at.engine, "times", answerAll({ approved: true }));
      const report = await readReport(await run.result());
      const answeredAtMs = new Map<string, number>();
      for await (const event of run.events({ live: false }))
        if (event.type === "op-ended" && event.op === "ask") answeredAtMs.set(event.key, event.atMs);
      for (const { id, decision } of report.findings)
        if (decision !== null) assert.equal(decision.atMs, answeredAtMs.get(`accept/${id}`), id);
      assert.equal(answeredAtMs.size, 4);
    });

    test("one refusal fails the audit, and the report says whose it was", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, at.input, { id: "refused" });
      const refusal = { approved: false, by: "Ben", reason: "we link it" };
      await answerQuestions(
        at.engine,
        "refused",
        answerAll({ approved: true }, { "accept/licence:server-side@4.2.0:AGPL-3.0-only": refusal }),
      );
      const summary = await run.result();
      assert.deepEqual([summary.verdict, summary.findings.forbidden], ["fail", 1]);
      assert.ok((await readFile(summary.report.html, "utf8")).includes("Refused by Ben"));
    });

    test("asks only what the given policy asks about", async () => {
      await using at = await set();
      const policy = join(at.folder, "policy.json");
      await writeFile(policy, JSON.stringify({ ...askAboutAgpl, approvers: ["legal"] }));

      const run = await at.engine.start(audit, { ...at.input, policy }, { id: "policy" });
      const key = "accept/licence:server-side@4.2.0:AGPL-3.0-only";
      assert.deepEqual(await answerQuestions(at.engine, "policy", { [key]: { approved: true, by: "legal" } }), [key]);
      assert.equal((await run.result()).verdict, "pass-with-notes");
    });

    test("unattended, it asks nobody, and what it would have asked about fails it", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, { ...at.input, unattended: true }, { id: "ci" });
      assert.deepEqual(await answerQuestions(at.engine, "ci", {}), []);
      assert.deepEqual((await run.result()).findings.forbidden, 4);
    });

    test("where the verdict is enforced, a failing one fails the run, and its report is there", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, { ...at.input, unattended: true, enforce: true });
      await assert.rejects(run.result(), (error: Error) => {
        assert.match(
          `${error.message} ${String(error.cause)}`,
          /fixture-project does not keep the policy Default policy: 4 findings against it, listed in .*audit\.html/,
        );
        return true;
      });
      assert.ok(existsSync(join(at.folder, "report/audit.html")));
    });

    test("what nobody answers in time is refused, and the report says so", async () => {
      await using at = await set();

      const summary = await (await at.engine.start(audit, { ...at.input, answerWithin: 1 })).result();
      assert.deepEqual([summary.verdict, summary.findings.forbidden], ["fail", 4]);
      const decisions = (await readReport(summary)).findings.flatMap(({ decision }) => (decision === null ? [] : [decision]));
      assert.ok(decisions.length === 4 && decisions.every(({ timedOut, approved }) => timedOut && !approved));
      assert.ok((await readFile(summary.report.html, "utf8")).includes("Nobody answered in time"));
    });

    test("a second run writes the same bytes into another folder", async () => {
      await using at = await set();
      const second = join(at.folder, "second");

      const [one, two] = await Promise.all([
        (await at.engine.start(audit, { ...at.input, unattended: true })).result(),
        (await at.engine.start(audit, { ...at.input, unattended: true, out: second })).result(),
      ]);
      assert.equal(one.report.sha256, two.report.sha256);
      assert.deepEqual(await readFile(two.report.html), await readFile(one.report.html));
    });

    test("a project that is not there fails the run with the code, and writes nothing", async () => {
      await using at = await set();

      const run = await at.engine.start(audit, { ...at.input, project: join(at.folder, "nowhere") });
      await assert.rejects(run.result(), (error: Error) => {
        assert.match(JSON.stringify([error.message, String(error.cause)]), /nowhere/);
        return true;
      });
      assert.equal(existsSync(at.input.out ?? ""), false);
    });

    test("an input that means nothing is refused before anything is done", async () => {
      await using at = await set();
      const faults = [
        [{ projekt: "." }, /projekt/],
        [{ project: 3 }, /project/],
        [{ date: "yesterday" }, /YYYY-MM-DD/],
      ] as const;

      for (const [input, says] of faults) {
        await assert.rejects(
          async () => (await at.engine.start(audit as never, input)).result(),
          (error: Error & { code?: string }) => says.test(`${error.message} ${String(error.cause)}`) && error.code === "INPUT_INVALID",
        );
      }
    });
  });
}

test("between its steps it reads no clock, no chance and nothing from outside", { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder();
  await writeFixtureProject(folder.path);
  await using engine = await open("memory:", { workflows: [audit], strict: true });

  const run = await engine.start(audit, { project: folder.path, out: join(folder.path, "report") }, { id: "strict" });
  await answerQuestions(engine, "strict", answerAll({ approved: true }));
  assert.equal((await run.result()).verdict, "pass-with-notes");
});
