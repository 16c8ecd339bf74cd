import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HeddleError } from "@heddle/kernel";
import type { AnswerInput, LiveEvent } from "heddle";
import type { OpenQuestion } from "../../src/cli/ask/open-question.ts";
import { styleOf } from "../../src/cli/text/style.ts";
import { LiveScreen } from "../../src/cli/watch/live-screen.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const enter = "\r";
const escape = "\u001b";

function question(key: string): OpenQuestion {
  return { runId: "r1", key, kind: "text", prompt: `What is ${key}?`, details: undefined, approvers: [], choices: [], dueAtMs: null };
}

/** A live screen whose time passes by hand. */
class Stage implements Disposable {
  readonly terminal = new FakeTerminal(60, 20);
  readonly answers: (readonly [key: string, answer: AnswerInput])[] = [];
  readonly screen: LiveScreen;
  refuse: HeddleError | null = null;
  nowMs = 1_000_000;
  #type: ((input: string) => void) | null = null;
  #due: (() => void)[] = [];

  constructor() {
    this.screen = new LiveScreen({
      runId: "r1",
      io: {
        style: styleOf({ colour: false, unicode: true }),
        env: {},
        screen: this.terminal,
        keyboard: {
          listen: (call) => {
            this.#type = call;
            return { [Symbol.dispose]: () => (this.#type = null) };
          },
        },
        clock: {
          nowMs: () => this.nowMs,
          monotonicMs: () => this.nowMs,
          after: (_delayMs, call) => {
            this.#due.push(call);
            return { [Symbol.dispose]: () => (this.#due = this.#due.filter((due) => due !== call)) };
          },
        },
      },
      answer: ({ key }, answer) => {
        this.answers.push([key, answer]);
        return this.refuse === null ? Promise.resolve() : Promise.reject(this.refuse);
      },
    });
    this.tell({ type: "run-started", workflow: "r", planHash: "" } as never);
  }

  tell(...events: Omit<LiveEvent, "seq" | "atMs">[]): void {
    for (const event of events) this.screen.event("r1", { seq: 1, atMs: this.nowMs, ...event } as LiveEvent);
  }

  /** Let a frame's time pass. */
  frame(ms = 100): void {
    this.nowMs += ms;
    for (const call of this.#due.splice(0)) call();
  }

  get timers(): number {
    return this.#due.length;
  }

  type(...inputs: string[]): void {
    for (const input of inputs) this.#type?.(input);
  }

  get listening(): boolean {
    return this.#type !== null;
  }

  [Symbol.dispose](): void {
    this.screen[Symbol.dispose]();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the live screen", () => {
  test("paints at most once a frame, however many events come", () => {
    using stage = new Stage();
    stage.frame();
    let writes = 0;
    const write = stage.terminal.write.bind(stage.terminal);
    stage.terminal.write = (text) => {
      writes++;
      write(text);
    };

    for (let step = 0; step < 1_000; step++) stage.tell({ type: "started", key: `step-${step}` } as never);
    assert.equal(writes, 0);
    stage.frame();
    assert.equal(writes, 1);
  });

  test("an answer that does not fit is told, and the question asked again", async () => {
    using stage = new Stage();
    stage.refuse = new HeddleError("ANSWER_INVALID", "It must be a colour.");
    stage.screen.ask([question("colour")]);

    stage.type("seven", enter);
    await turn();
    assert.match(stage.terminal.text, /What is colour\?\n {2}colour of r1\n {2}It must be a colour\.\n {2}Answer: /u);
    stage.refuse = null;
    stage.type("red", enter);
    await turn();
    assert.deepEqual(stage.answers.at(-1), ["colour", { text: "red" }]);
    assert.doesNotMatch(stage.terminal.text, /Answer:/u);
  });

  test("a question that somebody else has answered is not asked again", async () => {
    using stage = new Stage();
    stage.refuse = new HeddleError("QUESTION_CLOSED", "It was answered.");
    stage.screen.ask([question("colour")]);

    stage.type("red", enter);
    await turn();
    assert.match(stage.terminal.text, /^It was answered\.\n/u);
    assert.doesNotMatch(stage.terminal.text, /Answer:/u);
    assert.equal(stage.listening, false);
  });

  test("a question that was put off stays put off when another one comes", () => {
    using stage = new Stage();
    stage.screen.ask([question("colour")]);
    stage.type(escape);
    assert.equal(stage.listening, false);

    stage.screen.ask([question("colour"), question("size")]);
    assert.match(stage.terminal.text, /What is size\?/u);
    assert.doesNotMatch(stage.terminal.text, /What is colour\?/u);
  });

  test("while questions are put off it says how one gets on, until they are gone", () => {
    using stage = new Stage();
    stage.screen.ask([question("colour")]);
    stage.type(escape);
    assert.match(stage.terminal.text, /\nPut off\. Ctrl-C stops; going on asks again$/u);

    stage.screen.notice([["Stopping"]]);
    assert.doesNotMatch(stage.terminal.text, /Put off/u);
    using other = new Stage();
    other.screen.ask([question("colour")]);
    other.type(escape);
    other.screen.ask([]);
    other.frame();
    assert.doesNotMatch(other.terminal.text, /Put off/u);
  });

  test("what is typed survives events, other questions and a new width", () => {
    using stage = new Stage();
    stage.screen.ask([question("colour")]);
    stage.type("re");
    stage.tell({ type: "started", key: "other" } as never, { type: "log", key: "", message: "a line" } as never);
    stage.screen.ask([question("size"), question("colour")]);
    stage.terminal.resize(40);
    stage.frame();

    assert.match(stage.terminal.text, /^a line\n[^]*Answer: re$/u);
    stage.type("d", enter);
    assert.deepEqual(stage.answers, [["colour", { text: "red" }]]);
    assert.match(stage.terminal.text, /What is size\?/u);
  });

  test("gives everything back at its end: cursor, keyboard, timers", () => {
    const stage = new Stage();
    stage.screen.ask([question("colour")]);

    stage[Symbol.dispose]();
    assert.equal(stage.listening, false);
    assert.equal(stage.timers, 0);
    assert.equal(stage.terminal.cursorShown, true);
    assert.equal(stage.terminal.listeners, 0);
    assert.doesNotMatch(stage.terminal.text, /Answer:/u);
  });

  test("shows nothing of a run of which nothing is known", () => {
    const terminal = new FakeTerminal(60, 20);
    const { io } = {
      io: {
        style: styleOf({ colour: false, unicode: true }),
        env: {},
        screen: terminal,
        keyboard: null,
        clock: { nowMs: () => 0, monotonicMs: () => 0, after: () => ({ [Symbol.dispose]: () => undefined }) },
      },
    };

    new LiveScreen({ io, runId: "r1", answer: () => Promise.resolve() })[Symbol.dispose]();
    assert.equal(terminal.text, "");
  });
});
