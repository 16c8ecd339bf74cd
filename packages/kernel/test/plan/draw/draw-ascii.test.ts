import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan, Task } from "@heddle/kernel";
import { drawAscii } from "@heddle/kernel/draw";
import fc from "fast-check";
import { Dice } from "../../oracle/dice.ts";
import { randomPlan, randomTemper } from "../../oracle/random-plan.ts";
import { after, group, plan } from "../plan-parts.ts";
import "../../seeded.ts";

/** A task that does what it is called, after one edge per trigger. */
function task(id: string, ...edges: object[]): Task {
  const when = edges.map((edge, index) => ({ id: `${id}.${index}`, after: [edge], join: "any", untaken: "wait" }));
  return { does: { use: id }, when: edges.length === 0 ? after(id).when : when } as Task;
}

function drawn(tasks: Record<string, unknown>, more: object = {}): string[] {
  return drawAscii(plan(tasks, more) as Plan)
    .trimEnd()
    .split("\n");
}

describe("a plan in characters", () => {
  test("runs from top to bottom, routes named, with the way back on the side", () => {
    const lines = drawn({
      draft: task("draft"),
      review: task("review", { from: "draft", on: "ok" }),
      publish: task("publish", { from: "review", on: "ok", label: "good" }),
      rework: task("rework", { from: "review", on: "ok", label: "bad" }),
    });
    assert.deepEqual(lines, [
      "          ●",
      "          │",
      "          ▼",
      "      ┌───────┐",
      "      │ draft │",
      "      └───┬───┘",
      "          │",
      "          ▼",
      "      ┌────────┐",
      "      │ review │",
      "      └┬─────┬─┘",
      "     ┌─┘     └───┐",
      "    good        bad",
      "     │           │",
      "     ▼           ▼",
      "┌─────────┐  ┌────────┐",
      "│ publish │  │ rework │",
      "└─────────┘  └────────┘",
    ]);
  });

  test("branches from one point and joins at two", () => {
    const lines = drawn({ a: task("a"), b: task("b"), c: { does: { use: "c" }, when: after("c", "a", "b").when } });
    assert.deepEqual(lines, [
      "      ●",
      "  ┌───┴──┐",
      "  ▼      ▼",
      "┌───┐  ┌───┐",
      "│ a │  │ b │",
      "└─┬─┘  └─┬─┘",
      "  └┐     │",
      "   ▼     ▼",
      "  ┌───────┐",
      "  │   c   │",
      "  │ all 2 │",
      "  └───────┘",
    ]);
  });

  test("leads back up, and round one task", () => {
    const lines = drawn({
      a: task("a", { from: "b", on: "failed" }),
      b: task("b", { from: "a", on: "ok" }, { from: "b", on: "ok", label: "more" }),
    });
    assert.deepEqual(lines, [
      "   ┌───┐",
      "   │ a │",
      "   └──┬┘",
      "    ▲ │",
      "  ┌─┘ └─┐",
      "failed  │",
      "  │     │",
      "  │     ▼",
      " ┌┴───────┐",
      " │   b    │",
      " │ ↺ more │",
      " └────────┘",
    ]);
  });

  test("holds groups in boxes, inside one another", () => {
    const lines = drawn({ g: { ...group("h"), when: after("g").when }, h: { ...group("x"), when: after("h").when }, x: task("x") });
    assert.deepEqual(lines, [
      "           ●",
      "           │",
      "           ▼",
      "╭─ g (policy all) ─────╮",
      "│          ●           │",
      "│          │           │",
      "│          ▼           │",
      "│ ╭─ h (policy all) ─╮ │",
      "│ │        ●         │ │",
      "│ │        │         │ │",
      "│ │        ▼         │ │",
      "│ │      ┌───┐       │ │",
      "│ │      │ x │       │ │",
      "│ │      └───┘       │ │",
      "│ ╰──────────────────╯ │",
      "╰──────────────────────╯",
    ]);
  });

  test("shows clocks, artifacts and child runs as what they are", () => {
    const lines = drawn(
      {
        sweep: { does: { plan: "cleaner" }, when: [{ id: "s", at: { everyMs: 60_000 } }] },
        judge: { does: { use: "judge" }, when: [{ id: "j", on: [{ slot: 0, type: "note", count: 2 }], by: ["corr"] }] },
      },
      { channels: { notes: { kind: "log", type: "note" } } },
    );
    for (const part of ["◷ every 1m", "( note )", "║ runs cleaner ║", "│ by corr │"])
      assert.ok(
        lines.some((line) => line.includes(part)),
        part,
      );
  });

  test("is drawn with plus, minus and bar for those who can show no more", () => {
    const text = drawAscii(
      plan({
        g: { ...group("x"), when: after("g").when },
        x: task("x", { from: "x", on: "failed" }),
        c: { does: { plan: "p" }, when: [{ id: "c", at: { afterMs: 5 } }] },
      }) as Plan,
      { plain: true },
    );
    assert.match(text, /^[\x20-\x7e\n]*$/);
    assert.match(text, /\+-+\+/);
  });

  test("keeps its columns beside wide characters, and shows no character that steers a terminal", () => {
    const lines = drawn({ a: { ...task("a"), title: "注文を\u001b[31m確認\nする 🧵" }, b: task("b", { from: "a", on: "ok" }) });
    const titled = lines.find((line) => line.includes("注文")) ?? "";
    assert.equal(titled.trim(), "│ 注文を [31m確認 する 🧵 │");
    assert.ok(lines.every((line) => !/[\u0000-\u001f\u007f-\u009f]/u.test(line)));
    const top = lines.find((line) => line.includes("┌")) ?? "";
    assert.equal(
      top.length - top.indexOf("┌"),
      Array.from(titled.trim()).reduce((width, character) => width + (/[^\x00-\u2fff]/u.test(character) ? 2 : 1), 0),
    );
  });

  test("is the same each time, holds every task whole, and has a tip for every edge", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = new Dice(seed);
        const random = randomPlan(dice, randomTemper(dice));
        const text = drawAscii(random);

        assert.equal(drawAscii(JSON.parse(JSON.stringify(random)) as Plan), text);
        for (const [id, { does }] of Object.entries(random.tasks)) {
          const whole = "group" in does ? new RegExp(`╭[─┴] ${id} \\(policy judge[^│]*\\) [─┴]*╮`, "u") : new RegExp(`│ +${id} +│`, "u");
          assert.match(text, whole, `${id}\n${text}`);
        }
        const targets = new Set(
          Object.entries(random.tasks).filter(([id, { when }]) =>
            when.some((trigger) => !("after" in trigger) || trigger.after.length === 0 || trigger.after.some(({ from }) => from !== id)),
          ),
        );
        const tips = text.match(/[▼▲]/gu)?.length ?? 0;
        assert.ok(tips >= targets.size, text);
        assert.doesNotMatch(text, /undefined|NaN/);
      }),
      { numRuns: 300 },
    );
  });
});
