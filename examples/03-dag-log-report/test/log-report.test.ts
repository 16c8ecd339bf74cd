import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { open, type DagReport } from "heddle";
import logReport from "../log-report.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "heddle-log-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function reportOf(text: string): Promise<DagReport> {
  const file = join(folder, "app.log");
  writeFileSync(file, text);
  await using engine = await open("memory:", { workflows: [logReport] });
  return await (await engine.start(logReport, file)).result();
}

describe("the log report", () => {
  test("counts lines and levels, and names the errors that come most often, without what differs each time", async () => {
    const { status, payload, metadata } = await reportOf(
      [
        "2026-01-02T03:04:05.678Z INFO started",
        "2026-01-02T03:04:06.000Z ERROR disk 7 is full",
        "2026-01-02T03:04:07.000Z WARN slow: 1200 ms",
        "2026-01-02T03:04:08.000Z ERROR disk 12 is full",
        "2026-01-02T03:04:09.000Z ERROR no route to 5f3a9c0d11",
        "",
      ].join("\n"),
    );

    assert.equal(status, "completed");
    assert.equal(payload, "5 lines, 3 errors, 1 warnings\n2 x disk # is full\n1 x no route to #");
    assert.deepEqual(metadata["levels"], { ERROR: 3, WARN: 1, INFO: 1, DEBUG: 0 });
  });

  test("skips the errors where there are none", async () => {
    const { payload, outcomes } = await reportOf("INFO all is well\n");
    assert.equal(payload, "1 lines, 0 errors, 0 warnings");
    assert.deepEqual(outcomes["errors"], { status: "skipped" });
  });

  test("of a file that is not there says so, and what it blocks", async () => {
    await using engine = await open("memory:", { workflows: [logReport] });
    const run = await engine.start(logReport, join(folder, "gone.log"));
    const { status, outcomes } = await run.result();
    assert.equal(status, "partial");
    assert.match(outcomes["read"]?.error?.message ?? "", /ENOENT/);
    assert.deepEqual(outcomes["summary"], { status: "blocked", by: "read" });
  });

  test("is under 60 lines of code", () => {
    const lines = readFileSync(join(import.meta.dirname, "..", "log-report.ts"), "utf8").split("\n");
    assert.ok(lines.length < 60, `${lines.length} lines`);
  });
});
