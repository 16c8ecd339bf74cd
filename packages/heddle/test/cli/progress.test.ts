import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunFact } from "@heddle/kernel";
import type { LiveEvent } from "heddle";
import { openOperations } from "../../src/cli/progress/progress-tree.ts";
import { progressBar } from "../../src/cli/progress/progress-bar.ts";
import { renderProgress } from "../../src/cli/progress/render-progress.ts";
import { newRunProgress, type RunProgress, watchEvent } from "../../src/cli/progress/run-progress.ts";
import { formatLine, lineWidth } from "../../src/cli/text/line.ts";
import { styleOf } from "../../src/cli/text/style.ts";

type Live =
  | Omit<Extract<LiveEvent, { type: "started" }>, "seq" | "atMs">
  | Omit<Extract<LiveEvent, { type: "log" | "progress" | "stream" }>, "seq" | "atMs">;

/** A run that is told its events: `at` is the time of the next ones, in milliseconds from its start. */
class Story {
  readonly run: RunProgress;
  at = 0;
  #seq = 0;

  constructor(runId: string, workflow: string) {
    this.run = newRunProgress(runId);
    this.tell({ type: "run-started", workflow, planHash: "" });
  }

  tell(...facts: (RunFact | Live)[]): this {
    for (const fact of facts) watchEvent(this.run, { seq: ++this.#seq, atMs: 1_000_000 + this.at, ...fact });
    return this;
  }

  step(key: string, tookMs: number): this {
    this.tell({ type: "started", key });
    this.at += tookMs;
    return this.tell({ type: "op-ended", of: 1, key, op: "step", outcome: { status: "completed" } });
  }

  draw(columns: number, rows = 30, children: readonly RunProgress[] = [], unicode = true): string {
    const style = styleOf({ colour: false, unicode });
    const lines = renderProgress(
      { run: this.run, children: new Map(children.map((child) => [child.runId, child])) },
      { columns, rows, nowMs: 1_000_000 + this.at, style },
    );
    for (const line of lines) assert.ok(lineWidth(line) <= columns, `${lineWidth(line)} columns: ${formatLine(line, style)}`);
    assert.ok(lines.length <= Math.max(2, rows));
    return lines.map((line) => formatLine(line, style)).join("\n");
  }
}

const ended = (key: string): RunFact => ({ type: "op-ended", of: 1, key, op: "step", outcome: { status: "completed" } });
const error = { name: "FetchError", message: "ECONNRESET" };

function busyStory(): { readonly story: Story; readonly child: Story } {
  const story = new Story("audit-3fk2", "audit").step("read-lockfile", 310);
  const child = new Story("payment-9", "payment");
  const dueAtMs = 1_000_000 + 7_200_000;
  child.tell({
    type: "op-opened",
    of: 1,
    key: "approve",
    op: "ask",
    dueAtMs,
    question: { kind: "approval", prompt: "Pay 12 EUR to ACME?", approvers: ["ops"] },
  });
  story.tell(
    { type: "op-opened", of: 1, key: "pay", op: "call", child: { runId: "payment-9", workflow: "payment", close: "cancel" } },
    { type: "op-opened", of: 1, key: "paid", op: "receive", signal: "money" },
    { type: "op-retried", of: 1, key: "registry", error, dueAtMs: 1_000_000 + 9_310 },
    { type: "started", key: "inspect", total: 489 },
  );
  for (let item = 0; item < 312; item++) story.tell({ type: "started", key: `inspect/pkg-${item}` }, ended(`inspect/pkg-${item}`));
  story.tell({ type: "started", key: "inspect/zod" }, { type: "started", key: "inspect/left-pad" });
  story.at += 5_000;
  return { story, child };
}

describe("the live tree", () => {
  test("shows what ended, what waits for whom, and maps as one line with counts", () => {
    const { story, child } = busyStory();

    assert.equal(
      story.draw(100, 30, [child.run]),
      [
        "⠦ audit-3fk2  running  5s",
        "├ ✓ read-lockfile 310ms",
        "├ → pay           waits for run payment-9",
        "│ └ ? approve     Pay 12 EUR to ACME? (ops)  1h 59m left",
        "├ ✉ paid          waits for signal money",
        "├ ↻ registry      attempt 2 in 4s  FetchError: ECONNRESET",
        "└ ⠦ inspect       312/489 ▕████████████▊       ▏  5s  ~3s left  zod left-pad",
      ].join("\n"),
    );
  });

  test("keeps to the width that there is", () => {
    const { story, child } = busyStory();

    assert.equal(
      story.draw(40, 30, [child.run]),
      [
        "⠦ audit-3fk2  running  5s",
        "├ ✓ read-lockfile 310ms",
        "├ → pay waits for run payment-9",
        "│ └ ? approve Pay 12 EUR to ACME? (ops)…",
        "├ ✉ paid waits for signal money",
        "├ ↻ registry attempt 2 in 4s  FetchErro…",
        "└ ⠦ inspect 312/489 ▕██████▍   ▏  5s  ~…",
      ].join("\n"),
    );
    assert.equal(
      story.draw(20, 30, [child.run]),
      [
        "⠦ audit-3fk2  runni…",
        "├ ✓ read-lockfile 3…",
        "├ → pay waits for r…",
        "│ └ ? approve Pay 1…",
        "├ ✉ paid waits for …",
        "├ ↻ registry attemp…",
        "└ ⠦ inspect 312/489…",
      ].join("\n"),
    );
    for (let columns = 1; columns < 130; columns++) story.draw(columns, 30, [child.run]);
  });

  test("keeps to the height that there is: what is over goes first, what waits last", () => {
    const story = new Story("r", "flow");
    for (let step = 1; step <= 30; step++) story.step(`step-${step}`, 10);
    story.tell({ type: "op-opened", of: 1, key: "approve", op: "ask", question: { kind: "approval", prompt: "Go?" } });

    assert.equal(
      story.draw(60, 5),
      ["◷ flow  r  waiting  0s", "├ ✓ 28 more done", "├ ✓ step-29      10ms", "├ ✓ step-30      10ms", "└ ? approve      Go?"].join("\n"),
    );
    for (let rows = 2; rows < 40; rows++) assert.match(story.draw(60, rows), rows > 3 ? /Go\?/u : /flow/u);
  });

  test("counts down, and tells the time of day of what is due", () => {
    const story = new Story("r", "flow");
    story.tell({ type: "op-opened", of: 1, key: "nap", op: "sleep", dueAtMs: 1_000_000 + 90_000 });
    story.at = 30_000;

    assert.match(story.draw(80), /└ ◷ nap sleeps until \d\d:\d\d:\d\d {2}1m 00s left$/u);
  });

  test("tells what a step says of itself, and for how long it has been at it", () => {
    const story = new Story("r", "flow").tell(
      { type: "started", key: "llm" },
      { type: "stream", key: "llm", value: "Once upon " },
      { type: "stream", key: "llm", value: "a time" },
    );
    story.at = 3_400;

    assert.equal(story.draw(60), "⠋ flow  r  running  3s\n└ ⠋ llm 3s  Once upon a time".replaceAll("⠋", "⠹"));
  });

  test("names the failure where it happened", () => {
    const story = new Story("ship-1", "ship").step("reserve", 20);
    story.tell({
      type: "op-ended",
      of: 1,
      key: "label",
      op: "step",
      attempt: 3,
      outcome: { status: "failed", error: { name: "Error", message: "no\u001b[2J paper" } },
    });
    story.tell({ type: "run-ended", outcome: { status: "failed", error } });

    assert.equal(story.draw(60), ["✗ ship-1  failed  20ms", "├ ✓ reserve 20ms", "└ ✗ label   3 attempts  no\u241b[2J paper"].join("\n"));
  });

  test("tells why a run is paused, with the difference", () => {
    const story = new Story("ship-1", "ship");
    story.tell({
      type: "run-paused",
      code: "RUN_MISMATCH",
      message: "The code does not fit.",
      difference: ["- step reserve", "+ step hold"],
    });

    assert.equal(
      story.draw(60),
      ["‖ ship-1  paused  0s", "  RUN_MISMATCH: The code does not fit.", "  - step reserve", "  + step hold"].join("\n"),
    );
  });

  test("has a form for terminals without Unicode", () => {
    const { story, child } = busyStory();

    assert.match(story.draw(100, 30, [child.run], false), /^[\u0020-\u007e\n]*$/u);
    assert.match(story.draw(100, 30, [child.run], false), /`- . inspect {7}312\/489 \[############\.{8}\]/u);
  });
});

describe("progress of a run", () => {
  test("a map is counted, not kept: only what is under way is held", () => {
    const story = new Story("r", "flow").tell({ type: "started", key: "inspect", total: 100_000 });
    for (let item = 0; item < 100_000; item++) {
      story.tell({ type: "started", key: `inspect/${item}` });
      if (item >= 3) story.tell(ended(`inspect/${item - 3}`));
    }

    const [group] = story.run.root.members.values();
    assert.ok(group?.kind === "group");
    assert.equal(group.ended, 99_997);
    assert.deepEqual([...group.members.keys()], ["inspect/99997", "inspect/99998", "inspect/99999"]);
    assert.deepEqual(
      [...openOperations(story.run.root)].map(({ name }) => name),
      ["99997", "99998", "99999"],
    );
  });

  test("a map is known by its numbered items where nobody said how many there are", () => {
    const story = new Story("r", "flow").tell(ended("inspect/0"), ended("inspect/1"), ended("inspect/2"));

    assert.equal(story.draw(60), "⠋ flow  r  running  0s\n└ ✓ inspect 3 done  0ms");
  });

  test("branches with few operations stay a tree; one operation in a group is one line", () => {
    const story = new Story("r", "flow").tell(ended("both/left/fetch"), ended("both/right/fetch"), ended("ask/price"));

    assert.equal(
      story.draw(60),
      ["⠋ flow  r  running  0s", "├ ✓ both          0ms", "│ ├ ✓ left/fetch", "│ └ ✓ right/fetch", "└ ✓ ask/price"].join("\n"),
    );
  });

  test("many named items fold, and keep what is under way", () => {
    const story = new Story("r", "flow");
    story.tell({ type: "op-opened", of: 1, key: "check/slow", op: "ask", question: { prompt: "Allow GPL?" } });
    for (let item = 0; item < 40; item++) story.tell(ended(`check/pkg-${item}`));

    assert.equal(story.draw(60), ["◷ flow  r  waiting  0s", "└ ⠋ check  40 done  0s", "  └ ? slow Allow GPL?"].join("\n"));
    story.tell({ type: "op-ended", of: 1, key: "check/slow", op: "ask", outcome: { status: "completed" } });
    assert.equal(story.draw(60), ["⠋ flow  r  running  0s", "└ ✓ check 41 done  0ms"].join("\n"));
  });

  test("failures in a map are counted and make it a failure", () => {
    const story = new Story("r", "flow").tell({ type: "started", key: "m", total: 3 }, ended("m/0"), ended("m/1"));
    story.tell({ type: "op-ended", of: 1, key: "m/2", op: "step", outcome: { status: "failed", error } });

    assert.match(story.draw(60), /✗ m 3 {2}1 failed/u);
  });

  test("a new segment begins an empty tree", () => {
    const story = new Story("r", "flow").step("a", 5).tell({ type: "segment-started", of: 1, input: null }).step("b", 5);

    assert.equal(story.draw(60), ["⠋ flow  r  running  0s  segment 2", "└ ✓ b 5ms"].join("\n"));
  });

  test("operations that are done again are no longer counted as done", () => {
    const story = new Story("r", "flow").tell({ type: "started", key: "m", total: 2 }, ended("m/0"));
    story.tell({ type: "op-ended", of: 1, key: "m/1", op: "step", outcome: { status: "failed", error } });
    story.tell({ type: "task-retried", no: 1, task: "main", error, dueAtMs: 0, failedOps: ["m/1"] });

    assert.match(story.draw(60), /m 1\/2 /u);
    assert.doesNotMatch(story.draw(60), /failed/u);
  });

  test("tasks of a plan stand in the tree beside the operations of durable functions", () => {
    const story = new Story("r", "plan");
    story.tell({ type: "task-ended", no: 1, task: "fetch", outcome: { status: "completed" } });
    story.tell({ type: "op-opened", of: 2, key: "ok", op: "ask", question: { prompt: "Fine?" } });
    story.tell(
      { type: "task-ended", no: 3, task: "fetch", outcome: { status: "completed" } },
      { type: "task-ended", no: 4, task: "skip-me", outcome: { status: "blocked", by: "x" } },
    );

    assert.equal(story.draw(60), ["◷ plan  r  waiting  0s", "├ ✓ fetch   2 times", "├ ? #2/ok   Fine?", "└ ∅ skip-me blocked"].join("\n"));
    story.tell({ type: "task-ended", no: 2, task: "review", outcome: { status: "completed" } });
    assert.doesNotMatch(story.draw(60), /#2/u);
  });

  test("nothing is under way in a run that has ended", () => {
    const story = new Story("r", "flow").tell({ type: "started", key: "slow" }, { type: "run-ended", outcome: { status: "cancelled" } });

    assert.equal(story.draw(60), ["✗ flow  r  cancelled  0ms", "└ ∅ slow 0ms  cancelled"].join("\n"));
  });

  test("a long function is held in bounded memory, and its failures stay", () => {
    const story = new Story("r", "flow");
    story.tell({ type: "op-ended", of: 1, key: "bad", op: "step", outcome: { status: "failed", error } });
    for (let step = 0; step < 5_000; step++) story.tell(ended(`step-${step}`));

    assert.ok(story.run.root.members.size <= 201);
    assert.match(story.draw(60, 4), /✗ bad/u);
    assert.match(story.draw(60, 4), /49\d\d more done|5000 more done/u);
  });
});

test("a bar is full only when all is done, and shows the first of many", () => {
  const { glyphs } = styleOf({ colour: false, unicode: true });

  assert.equal(progressBar(0, 1000, 6, glyphs), "▕    ▏");
  assert.equal(progressBar(1, 1000, 6, glyphs), "▕▏   ▏");
  assert.equal(progressBar(999, 1000, 6, glyphs), "▕███▉▏");
  assert.equal(progressBar(1000, 1000, 6, glyphs), "▕████▏");
  assert.equal(progressBar(0, 0, 6, glyphs), "▕████▏");
});
