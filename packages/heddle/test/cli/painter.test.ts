import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Painter, type Picture } from "../../src/cli/progress/painter.ts";
import { styleOf } from "../../src/cli/text/style.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const style = styleOf({ colour: false, unicode: true });
const picture = (...lines: string[]): Picture => ({ lines: lines.map((line) => [[line]]) });

describe("the painter", () => {
  test("shows each picture in place of the one before, whatever their heights", () => {
    const terminal = new FakeTerminal(40, 10);
    terminal.write("$ heddle run\r\n");
    using painter = new Painter(terminal, style);
    let seed = 3;
    for (let round = 0; round < 500; round++) {
      seed = (seed * 48_271) % 2_147_483_647;
      const lines = Array.from(
        { length: seed % 8 },
        (_, index) => `line ${index}${(seed >> index) % 3 === 0 ? " long".repeat(5) : seed % 7}`,
      );

      painter.paint(picture(...lines));
      assert.equal(terminal.text, ["$ heddle run", ...lines].join("\n").trimEnd());
    }
  });

  test("writes only the lines that changed, and nothing where none did", () => {
    const terminal = new FakeTerminal(40, 10);
    using painter = new Painter(terminal, style);
    painter.paint(picture("one", "two", "three"));
    terminal.written = "";

    painter.paint(picture("one", "2", "three"));
    assert.ok(
      terminal.written.includes("2") && !terminal.written.includes("one") && !terminal.written.includes("three"),
      JSON.stringify(terminal.written),
    );
    assert.equal(terminal.text, "one\n2\nthree");

    terminal.written = "";
    painter.paint(picture("one", "2", "three"));
    assert.equal(terminal.written, "");
  });

  test("never clears a line before it is written again, so that nothing blinks", () => {
    const terminal = new FakeTerminal(40, 10);
    using painter = new Painter(terminal, style);
    painter.paint(picture("one", "two"));
    terminal.written = "";

    painter.paint(picture("one!", "two!"));
    assert.doesNotMatch(terminal.written, /\u001b\[(?:2K|J|0J|2J)/u);
  });

  test("prints lines that stay above the block, in one write with the block", () => {
    const terminal = new FakeTerminal(40, 10);
    using painter = new Painter(terminal, style);
    painter.paint(picture("tree", "leaf"));
    let writes = 0;
    const write = terminal.write.bind(terminal);
    terminal.write = (text) => {
      writes++;
      write(text);
    };

    painter.print("first\nsecond\n");
    assert.equal(terminal.text, "first\nsecond\ntree\nleaf");
    assert.equal(writes, 1);

    painter.paint(picture("tree", "leaf", "more"));
    assert.equal(terminal.text, "first\nsecond\ntree\nleaf\nmore");
  });

  test("scrolls at the end of the screen and goes on below", () => {
    const terminal = new FakeTerminal(40, 4);
    using painter = new Painter(terminal, style);
    for (let count = 0; count < 10; count++) {
      painter.paint(picture("a", "b", String(count)));
      painter.print(`line ${count}`);
    }

    assert.equal(terminal.text, [...Array.from({ length: 10 }, (_, count) => `line ${count}`), "a", "b", "9"].join("\n"));
  });

  test("puts the cursor where a person types, and else behind the last line", () => {
    const terminal = new FakeTerminal(40, 10);
    using painter = new Painter(terminal, style);

    painter.paint(picture("tree", "leaf"));
    assert.deepEqual(terminal.cursor, [1, 4]);
    painter.paint({ ...picture("tree", "name: ", "below"), cursor: { line: 1, column: 6 } });
    assert.deepEqual(terminal.cursor, [1, 6]);
    painter.print("said");
    assert.deepEqual(terminal.cursor, [2, 6]);
    painter.paint(picture("tree"));
    assert.equal(terminal.text, "said\ntree");
    assert.deepEqual(terminal.cursor, [1, 4]);
  });

  test("hides the cursor in each frame and shows it at its end, for a process may be killed between two", () => {
    const terminal = new FakeTerminal(40, 10);
    const painter = new Painter(terminal, style);
    for (let count = 1; count <= 3; count++) {
      painter.paint(picture("tree", `leaf ${count}`));
      assert.equal(terminal.cursorShown, true);
    }
    assert.equal(terminal.written.split("\u001b[?25l").length, 4);
    terminal.write("Killed\r\n$ ");
    assert.equal(terminal.text, "tree\nleaf 3Killed\n$");
  });

  test("leaves the block and gives the cursor back when it is done", () => {
    const terminal = new FakeTerminal(40, 10);
    const painter = new Painter(terminal, style);
    painter.paint(picture("tree", "leaf"));

    painter.release();
    terminal.write("$ ");
    assert.equal(terminal.text, "tree\nleaf\n$");
    assert.equal(terminal.cursorShown, true);
  });

  test("writes everything anew where something else wrote on the screen", () => {
    const terminal = new FakeTerminal(40, 10);
    using painter = new Painter(terminal, style);
    painter.paint(picture("tree", "leaf"));
    terminal.write("^C");

    painter.spoiled();
    painter.paint(picture("tree", "leaf"));
    assert.equal(terminal.text, "tree\nleaf");
  });

  test("begins afresh when the screen becomes narrower, and leaves nothing of the old block", () => {
    const terminal = new FakeTerminal(40, 20);
    using painter = new Painter(terminal, style);
    terminal.write("before\r\n");
    painter.paint(picture("a".repeat(35), "b".repeat(20), "c"));

    terminal.resize(16);
    painter.paint(picture("a".repeat(15), "b"));
    assert.equal(terminal.text, `before\n${"a".repeat(15)}\nb`);
  });
});
