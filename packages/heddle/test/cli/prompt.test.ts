import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readKeys } from "../../src/cli/ask/key-press.ts";
import type { OpenQuestion } from "../../src/cli/ask/open-question.ts";
import { newPrompt, pressKey, type Prompt, type PromptStep } from "../../src/cli/ask/prompt.ts";
import { renderPrompt } from "../../src/cli/ask/render-prompt.ts";
import { formatLine } from "../../src/cli/text/line.ts";
import { styleOf } from "../../src/cli/text/style.ts";

const enter = "\r";
const escape = "\u001b";
const left = "\u001b[D";
const down = "\u001b[B";

function question(of: Partial<OpenQuestion>): OpenQuestion {
  return {
    runId: "order-7",
    key: "approve",
    kind: "approval",
    prompt: "Ship A1?",
    details: undefined,
    approvers: [],
    choices: [],
    dueAtMs: null,
    ...of,
  };
}

/** Type at a prompt until it is answered or put off. */
function type(of: Partial<OpenQuestion>, keys: string | readonly string[], person?: string): PromptStep {
  let step: PromptStep = { prompt: newPrompt(question(of), person) };
  for (const press of [keys].flat().flatMap((chunk) => readKeys(chunk))) {
    assert.ok("prompt" in step, "keys after the end");
    step = pressKey(step.prompt, press);
  }
  return step;
}

function promptAfter(of: Partial<OpenQuestion>, keys: string | readonly string[]): Prompt {
  const step = type(of, keys);
  assert.ok("prompt" in step);
  return step.prompt;
}

function draw(prompt: Prompt, columns = 60): string {
  const { lines, cursor } = renderPrompt(prompt, { columns, nowMs: 0, style: styleOf({ colour: false, unicode: true }) });
  const text = lines.map((line) => formatLine(line, styleOf({ colour: false, unicode: true })));
  return [...text, `${cursor.line},${cursor.column}`].join("\n");
}

describe("a question at the keyboard", () => {
  test("where a run stopped: only y lets it go on, and Escape leaves it", () => {
    assert.deepEqual(type({ kind: "interrupt" }, "y", "Ada"), { answer: { by: "Ada", approved: true } });
    assert.deepEqual(type({ kind: "interrupt" }, escape), { later: true });
    assert.match(promptAfter({ kind: "interrupt" }, "n").problem.join(), /Press y, or Escape/);
  });

  test("approval: y or n, then a reason", () => {
    assert.deepEqual(type({}, `y${enter}`), { answer: { approved: true } });
    assert.deepEqual(type({}, ["N", `too dear ${enter}`]), { answer: { approved: false, reason: "too dear" } });
  });

  test("nothing but y approves: not Enter, not a pasted text that begins with it", () => {
    for (const keys of [enter, "yes", "ye", "j", " ", "yn", `${enter}${enter}`]) {
      const prompt = promptAfter({}, keys);
      assert.equal(prompt.stage, "answer", JSON.stringify(keys));
      assert.equal(prompt.draft.approved, undefined);
    }
  });

  test("choice: by arrows, around the end, or by number", () => {
    const of = { kind: "choice", choices: ["small", "medium", "large"] } as const;

    assert.deepEqual(type(of, `${down}${down}${enter}`), { answer: { choice: "large" } });
    assert.deepEqual(type(of, `${down}${down}${down}${enter}`), { answer: { choice: "small" } });
    assert.deepEqual(type(of, `\u001b[A${enter}`), { answer: { choice: "large" } });
    assert.deepEqual(type(of, `2${enter}`), { answer: { choice: "medium" } });
    assert.deepEqual(promptAfter(of, "7").problem, ["There are 3 choices."]);
  });

  test("text: edited like any line, and never empty", () => {
    const of = { kind: "text" } as const;

    assert.deepEqual(type(of, `helo${left}l${enter}`), { answer: { text: "hello" } });
    assert.deepEqual(type(of, `xx\u0015a👍🏽b\u007f\u007fc${enter}`), { answer: { text: "ac" } });
    assert.deepEqual(type(of, `bc\u0001a\u0005d${left}\u001b[3~${enter}`), { answer: { text: "abc" } });
    assert.match(promptAfter(of, ` ${enter}`).problem[0] ?? "", /Type an answer/u);
  });

  test("form: JSON, with the place of what is wrong", () => {
    assert.deepEqual(type({ kind: "form" }, `{"a":1}${enter}`), { answer: { value: { a: 1 } } });
    const prompt = promptAfter({ kind: "form" }, `{a:1}${enter}`);
    assert.match(prompt.problem[0] ?? "", /line 1, column 2/u);
    assert.deepEqual(prompt.line.characters.join(""), "{a:1}");
  });

  test("who answers is asked only where only some may and the person is none of them", () => {
    const of = { approvers: ["ops", "lea"] };

    assert.deepEqual(type(of, `y${enter}`, "lea"), { answer: { approved: true, by: "lea" } });
    assert.deepEqual(type(of, `y${enter}ops${enter}`, "sam"), { answer: { approved: true, by: "ops" } });
    assert.deepEqual(type({}, `y${enter}`, "sam"), { answer: { approved: true, by: "sam" } });
  });

  test("Escape puts it off at any point", () => {
    assert.deepEqual(type({}, escape), { later: true });
    assert.deepEqual(type({}, ["y", `for now${escape}`]), { later: true });
  });

  test("keys that it does not know type nothing", () => {
    assert.deepEqual(promptAfter({ kind: "text" }, "a\u001b[15~\u001b[1;5C\u001b[200~\u0007b").line.characters, ["a", "b"]);
  });

  test("is drawn with its details, of whom it is asked, and the cursor where one types", () => {
    const of = { details: { sku: "A1" }, approvers: ["ops"], dueAtMs: 90_000 };

    assert.equal(
      draw(promptAfter(of, "")),
      [
        "",
        "? Ship A1?",
        "  {",
        '    "sku": "A1"',
        "  }",
        "  approve of order-7  •  asked of ops  •  1m 30s left",
        "  Approve? y/n Esc: later",
        "6,15",
      ].join("\n"),
    );
    assert.equal(
      draw(promptAfter({}, ["n", "gone"])),
      ["", "? Ship A1?", "  approve of order-7", "  ✗ declined", "  Reason: gone", "4,14"].join("\n"),
    );
    assert.equal(
      draw(promptAfter({ kind: "choice", choices: ["small", "large"] }, down), 40),
      ["", "? Ship A1?", "  approve of order-7", "    1 small", "  › 2 large", "  Choose: up, down or number, then Ente…", "5,10"].join(
        "\n",
      ),
    );
  });

  test("keeps to the width, and shows the part of a long answer that is typed", () => {
    const text = draw(
      promptAfter({ kind: "text", prompt: "What do you want to name the thing that has no name?" }, "abcdefghijklmnopqrstuvwxyz"),
      20,
    );

    for (const line of text.split("\n")) assert.ok(line.length <= 20, line);
    assert.match(text, /: stuvwxyz\n\d+,18$/u);
  });
});
