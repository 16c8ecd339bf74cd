import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { drawSvg } from "@heddle/kernel/draw";
import fc from "fast-check";
import { Dice } from "../../oracle/dice.ts";
import { randomPlan, randomTemper } from "../../oracle/random-plan.ts";
import { after, group, plan } from "../plan-parts.ts";
import "../../seeded.ts";

interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Elements in their order, after a check that every one is closed by its own end. */
function elements(svg: string): { readonly name: string; readonly attributes: ReadonlyMap<string, string> }[] {
  const open: string[] = [];
  const found: { name: string; attributes: Map<string, string> }[] = [];
  for (const [, end, name = "", rest = "", alone] of svg.matchAll(/<(\/?)([a-z]+)((?:\s[^<>]*?)?)(\/?)>/giu)) {
    if (end === "/") {
      assert.equal(open.pop(), name);
      continue;
    }
    found.push({ name, attributes: new Map([...rest.matchAll(/([a-z-]+)="([^"]*)"/giu)].map(([, key = "", value = ""]) => [key, value])) });
    if (alone === "") open.push(name);
  }
  assert.deepEqual(open, []);
  return found;
}

function rects(svg: string, className: string): Rect[] {
  return elements(svg)
    .filter(({ name, attributes }) => name === "rect" && attributes.get("class") === className)
    .map(({ attributes }) => {
      const [left = 0, top = 0, width = 0, height = 0] = ["x", "y", "width", "height"].map((key) => Number(attributes.get(key)));
      return { left, top, right: left + width, bottom: top + height };
    });
}

function overlap(one: Rect, other: Rect): boolean {
  return one.left < other.right - 0.2 && other.left < one.right - 0.2 && one.top < other.bottom - 0.2 && other.top < one.bottom - 0.2;
}

function inside(one: Rect, other: Rect): boolean {
  return one.left >= other.left - 0.2 && one.right <= other.right + 0.2 && one.top >= other.top - 0.2 && one.bottom <= other.bottom + 0.2;
}

describe("a plan as a picture", () => {
  test("is well-formed, whatever its titles say", () => {
    const svg = drawSvg(
      plan(
        { a: { ...after("a"), title: `<script>&"'\u0000]]>` }, b: { ...after("b", "a"), title: "x".repeat(500) } },
        { name: "p" },
      ) as Plan,
    );
    elements(svg);
    assert.ok(svg.includes("&lt;script&gt;&amp;&quot;"));
    assert.doesNotMatch(svg, /<script|\u0000|x{100}/u);
  });

  test("leads each line from the lower edge of a box to the upper edge of the next", () => {
    const svg = drawSvg(plan({ a: after("a"), b: after("b", "a") }) as Plan);
    const [a, b] = rects(svg, "box");
    const lines = elements(svg).filter(({ attributes }) => attributes.has("marker-end"));
    const [, fromY, toY] = /^M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)$/.exec(lines[1]?.attributes.get("d") ?? "") ?? [];

    assert.equal(lines.length, 2);
    assert.deepEqual([Number(fromY), Number(toY)], [a?.bottom, b?.top]);
  });

  test("draws failures in red and dashed, other ends dashed, and a loop", () => {
    const edge = (on: string, from: string) => ({
      does: { use: "w" },
      when: [{ id: on, after: [{ from, on }], join: "any", untaken: "wait" }],
    });
    const svg = drawSvg(plan({ a: edge("ok", "a"), f: edge("failed", "a"), e: edge("ended", "a") }) as Plan);
    const lines = elements(svg)
      .filter(({ attributes }) => attributes.has("marker-end"))
      .map(({ attributes }) => [attributes.get("stroke"), attributes.has("stroke-dasharray")]);

    assert.deepEqual(lines, [
      ["#dc2626", true],
      ["#64748b", true],
      ["#64748b", false],
    ]);
  });

  test("keeps boxes apart, groups around their members, and all on the page", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = new Dice(seed);
        const random = randomPlan(dice, randomTemper(dice));
        const svg = drawSvg(random);
        const [boxes, groups] = [rects(svg, "box"), rects(svg, "group")];

        assert.equal(drawSvg(JSON.parse(JSON.stringify(random)) as Plan), svg);
        for (const [index, one] of boxes.entries()) {
          for (const other of boxes.slice(index + 1)) assert.ok(!overlap(one, other), svg);
          for (const around of groups) assert.ok(!overlap(one, around) || inside(one, around), "a box is in a group or beside it");
        }
        for (const [index, one] of groups.entries()) {
          for (const other of groups.slice(index + 1)) assert.ok(!overlap(one, other) || inside(one, other) || inside(other, one));
        }
        const page = elements(svg)[0]?.attributes;
        const whole = { left: 0, top: 0, right: Number(page?.get("width")) - 32, bottom: Number(page?.get("height")) - 32 };
        for (const part of [...boxes, ...groups]) assert.ok(inside(part, whole));
        const tasks = Object.values(random.tasks);
        assert.equal(
          boxes.length,
          tasks.filter(({ does }) => !("group" in does)).length +
            new Set(tasks.flatMap(({ when }) => when.flatMap((trigger) => ("at" in trigger ? [JSON.stringify(trigger.at)] : [])))).size,
        );
        assert.doesNotMatch(svg, /NaN|undefined/);
      }),
      { numRuns: 200 },
    );
  });

  test("holds an empty group as a box", () => {
    const svg = drawSvg(plan({ g: group() }) as Plan);
    assert.ok(rects(svg, "box").length > 0);
  });
});
