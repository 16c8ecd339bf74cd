import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { layOut } from "../../../src/plan/draw/layered-layout.ts";
import { layersOf, turnedArrows } from "../../../src/plan/draw/layers.ts";
import { lineUp } from "../../../src/plan/draw/line-up.ts";
import { tracksOf } from "../../../src/plan/draw/tracks.ts";
import "../../seeded.ts";

const boxes = 8;
const arrowLists = fc
  .array(fc.record({ from: fc.nat(boxes - 1), to: fc.nat(boxes - 1), label: fc.constantFrom(0, 0, 4) }), { maxLength: 16 })
  .map((arrows) => arrows.filter(({ from, to }) => from !== to));

describe("layers", () => {
  test("lead down, once the arrows that go back are turned, and no more are turned than go back", () => {
    fc.assert(
      fc.property(arrowLists, (arrows) => {
        const turned = turnedArrows(boxes, arrows);
        const downward = arrows.map(({ from, to }, arrow) => (turned.has(arrow) ? { from: to, to: from } : { from, to }));
        const layers = layersOf(boxes, downward);

        for (const { from, to } of downward) assert.ok(layers[from]! < layers[to]!);
        for (const arrow of turned) assert.ok(leads(arrows, arrows[arrow]!.to, arrows[arrow]!.from), "a turned arrow lies on a circle");
      }),
    );
  });

  test("bring a box that nothing leads to down to what it leads to", () => {
    assert.deepEqual(
      [
        ...layersOf(4, [
          { from: 0, to: 1 },
          { from: 1, to: 2 },
          { from: 3, to: 2 },
        ]),
      ],
      [0, 1, 2, 1],
    );
  });

  test("are found for a chain of 100,000", () => {
    const arrows = Array.from({ length: 99_999 }, (_, from) => ({ from, to: from + 1 }));
    assert.equal(turnedArrows(100_000, arrows).size, 0);
    assert.equal(layersOf(100_000, arrows).at(-1), 99_999);
  });

  function leads(arrows: readonly { readonly from: number; readonly to: number }[], from: number, to: number): boolean {
    const seen = new Set([from]);
    for (const box of seen) for (const arrow of arrows) if (arrow.from === box) seen.add(arrow.to);
    return seen.has(to);
  }
});

describe("a row", () => {
  test("keeps its order and its gaps, and goes where it is wished when there is room", () => {
    const wishes = fc.array(
      fc.record({
        left: fc.option(fc.integer({ min: -50, max: 50 })),
        weight: fc.integer({ min: 1, max: 9 }),
        width: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(wishes, (row) => {
        const lefts = lineUp(row, 2);

        for (const [index, left] of lefts.entries()) {
          assert.ok(Number.isInteger(left));
          if (index > 0) assert.ok(left >= lefts[index - 1]! + row[index - 1]!.width + 2);
        }
        const free = row.every(
          ({ left }, index) => left !== null && (index === 0 || left >= (row[index - 1]!.left ?? 0) + row[index - 1]!.width + 2),
        );
        if (free)
          assert.deepEqual(
            lefts,
            row.map(({ left }) => left),
          );
      }),
    );
  });

  test("shares out a quarrel by weight", () => {
    assert.deepEqual(
      lineUp(
        [
          { left: 10, weight: 1, width: 4 },
          { left: 10, weight: 1, width: 4 },
        ],
        2,
      ),
      [7, 13],
    );
    assert.deepEqual(
      lineUp(
        [
          { left: 10, weight: 100, width: 4 },
          { left: 10, weight: 1, width: 4 },
        ],
        2,
      ),
      [10, 16],
    );
  });
});

describe("tracks", () => {
  test("keep lines of different columns apart, sideways and up and down", () => {
    const columns = fc.uniqueArray(fc.nat(40), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(columns, fc.nat(6), (spots, count) => {
        // Lines start in some columns and end in others, so that no circle of demands is there to be cut.
        const steps = Array.from({ length: count }, (_, index) => ({ from: spots[index]!, to: spots[index + 6]! }));
        const tracks = tracksOf(steps);

        for (const [index, one] of steps.entries()) {
          for (const other of steps.slice(index + 1)) {
            if (tracks[index] !== tracks[steps.indexOf(other)]) continue;
            const apart =
              Math.max(one.from, one.to) < Math.min(other.from, other.to) || Math.max(other.from, other.to) < Math.min(one.from, one.to);
            assert.ok(apart, "no two touch on one track");
          }
        }
      }),
    );
  });

  test("let a line turn off before another comes down in its column", () => {
    assert.deepEqual(
      tracksOf([
        { from: 9, to: 4 },
        { from: 4, to: 1 },
      ]),
      [1, 0],
    );
    assert.deepEqual(
      tracksOf([
        { from: 4, to: 1 },
        { from: 4, to: 8 },
        { from: 2, to: 2 },
      ]),
      [0, 0, -1],
    );
  });

  test("are not shared by lines that meet in a column", () => {
    const meeting = [
      { from: 1, to: 4 },
      { from: 6, to: 4 },
    ];
    const following = [
      { from: 1, to: 5 },
      { from: 5, to: 9 },
    ];
    assert.deepEqual(tracksOf(meeting), [0, 1]);
    assert.deepEqual(tracksOf(following), [1, 0]);
  });

  test("end for a circle of demands too", () => {
    const tracks = tracksOf([
      { from: 1, to: 5 },
      { from: 5, to: 1 },
    ]);
    assert.deepEqual(new Set(tracks), new Set([0, 1]));
  });
});

describe("a layout", () => {
  test("links every arrow row by row from box to box, with one tip at its end and its text once", () => {
    fc.assert(
      fc.property(arrowLists, (arrows) => {
        const layout = layOut(
          Array.from({ length: boxes }, (_, box) => ({ width: 3 + 2 * (box % 3) })),
          arrows,
          { gap: 2, portGap: 4 },
        );

        for (const row of layout.rows) {
          for (const [index, cell] of row.entries()) {
            assert.ok(cell.left >= 0 && cell.left + cell.width <= layout.width);
            if (index > 0) assert.ok(cell.left >= row[index - 1]!.left + row[index - 1]!.width + 2, "cells of a row do not touch");
          }
        }
        for (const [arrow, { from, to, label }] of arrows.entries()) {
          const chain = layout.links.flatMap((links) => links.filter((link) => link.arrow === arrow));
          const ends = [chain[0]!.upper, chain.at(-1)!.lower].map((cell) => cell.of);
          const tips = chain.filter(({ tip }) => tip !== "none");
          assert.equal(tips.length, 1);
          assert.deepEqual(tips[0]!.tip === "down" ? ends : ends.toReversed(), [from, to]);
          assert.equal(chain.filter(({ lower }) => lower.kind === "label").length, label === 0 ? 0 : 1);
          for (const [index, link] of chain.entries()) {
            assert.equal(link.lower.row, link.upper.row + 1);
            if (index > 0) assert.equal(link.upper, chain[index - 1]!.lower);
            assert.ok(link.upperPort >= 0 && link.upperPort < link.upper.width && link.lowerPort >= 0 && link.lowerPort < link.lower.width);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("uncrosses what can be uncrossed", () => {
    const arrows = [
      { from: 0, to: 5 },
      { from: 1, to: 4 },
      { from: 2, to: 3 },
    ].map((arrow) => ({ ...arrow, label: 0 }));
    const { rows } = layOut(
      Array.from({ length: 6 }, () => ({ width: 3 })),
      arrows,
      { gap: 2, portGap: 4 },
    );

    const below = new Map(arrows.map(({ from, to }) => [from, to]));
    assert.deepEqual(
      rows[0]!.map(({ of }) => below.get(of)),
      rows[1]!.map(({ of }) => of),
    );
  });

  test("draws a chain straight", () => {
    const arrows = Array.from({ length: 5 }, (_, from) => ({ from, to: from + 1, label: from % 2 === 0 ? 0 : 7 }));
    const { links } = layOut(
      [3, 9, 5, 7, 3, 11].map((width) => ({ width })),
      arrows,
      { gap: 2, portGap: 4 },
    );

    for (const { upper, upperPort, lower, lowerPort } of links.flat()) assert.equal(upper.left + upperPort, lower.left + lowerPort);
  });
});
