import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunFact } from "@heddle/kernel";
import { describeEvent } from "../../src/cli/text/describe-event.ts";
import { formatLine } from "../../src/cli/text/line.ts";
import { styleFromEnv } from "../../src/cli/text/style.ts";

const style = styleFromEnv({ LANG: "C" }, false);

for (const [fact, words] of [
  [
    {
      type: "channels-written",
      writes: [
        { channel: "notes", value: "one" },
        { channel: "total", value: 2 },
      ],
    },
    /written from outside: notes, total \{"notes":"one","total":2\}/,
  ],
  [
    { type: "plan-amended", tasks: { late: { does: { use: "x" }, when: [] }, later: { does: { use: "x" }, when: [] } } },
    /tasks added: late, later/,
  ],
  [{ type: "task-started", no: 1, task: "send" }, /task send started/],
] as [RunFact, RegExp][]) {
  test(`the event ${fact.type} is told in words`, () => {
    assert.match(formatLine(describeEvent({ seq: 1, atMs: 0, ...fact }, style.glyphs), style), words);
  });
}
