import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { open } from "heddle";
import { triage } from "../triage.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-triage-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const line = (index: number, status: number): string =>
  `10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /page-${index % 7} HTTP/1.1" ${status} 100 "-" "${"x".repeat(index % 500)}"`;

test("every line of a log is counted once, however its parts fall", async () => {
  const path = join(folder, "calm.log");
  const count = 5_000;
  writeFileSync(path, `${Array.from({ length: count }, (_, index) => line(index, index % 100 === 0 ? 500 : 200)).join("\n")}\n`);
  const report = join(folder, "calm.md");

  const { state, status } = await triage.invoke({ path, report });

  assert.equal(status, "completed");
  assert.deepEqual(state.seen, { 200: 4_950, 500: 50 });
  assert.deepEqual(state.notes, ["50 of 5000 requests failed."]);
  assert.match(readFileSync(report, "utf8"), /\| 200 \| 4950 \|/);
});

test("where too much fails a person is asked, and the report names them", async () => {
  const path = join(folder, "failing.log");
  writeFileSync(path, Array.from({ length: 10 }, (_, index) => line(index, 404)).join("\n"));
  const report = join(folder, "failing.md");
  const store = `sqlite:${join(folder, "runs.db")}`;
  {
    await using engine = await open(store, { workflows: [triage] });
    const stopped = await triage.invoke({ path, report }, { engine, id: "failing" });
    assert.equal(stopped.status, "waiting");
    assert.equal(existsSync(report), false);
  }
  await using engine = await open(store, { workflows: [triage] });
  await engine.answer("failing", "ask/owner", { text: "Ada" });

  assert.deepEqual((await (await engine.get<{ notes: string[] }>("failing")).result()).notes, [
    "10 of 10 requests failed.",
    "Ada looks into it.",
  ]);
  assert.match(readFileSync(report, "utf8"), /Ada looks into it/);
});

const recorded = join(import.meta.dirname, "../../../../shared/data/logs/apache-access-4000.log");
test("a recorded log of 4,000 requests is read whole", { skip: existsSync(recorded) ? false : "../shared/data is not there" }, async () => {
  const { state } = await triage.invoke({ path: recorded, report: join(folder, "recorded.md") });

  assert.equal(
    Object.values(state.seen).reduce((sum, count) => sum + count, 0),
    4_000,
  );
});
