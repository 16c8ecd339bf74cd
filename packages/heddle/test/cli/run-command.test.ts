import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Engine, type EngineOptions, open, workflow } from "heddle";
import { openMemoryStore } from "heddle/internal";
import { kept } from "../kept-store.ts";
import { FakeTerminal } from "./fake-terminal.ts";
import { TestCli, type TestIoOptions, until } from "./test-io.ts";

/** A store that outlives the commands that open it, and the command lines that do. */
class Shop implements AsyncDisposable {
  readonly #store = openMemoryStore();

  cli(options: TestIoOptions = {}): TestCli {
    return new TestCli({ open: (_url, engineOptions) => this.open(engineOptions), env: { HEDDLE_STORE: "test:" }, ...options });
  }

  open(options: EngineOptions): Promise<Engine> {
    return open(kept(this.#store), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

const flows = (name: string): string => `fixtures/flows.ts#${name}`;
const withoutTimes = (text: string): string => text.replace(/^\d\d:\d\d:\d\d /gmu, "").replace(/after \d+ms/u, "after 0ms");
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("run, without a terminal", () => {
  test("prints a line per event, the output and what to try next, and ends with 0", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("plain"), "--id", "p1"), 0);
    assert.equal(
      withoutTimes(cli.out),
      [
        "• p1 started, a run of plain",
        "✓ one 1",
        "✓ square 3 done",
        "✓ p1 completed after 0ms",
        "",
        "Output",
        "  {",
        '    "one": 1,',
        '    "squares": [',
        "      1,",
        "      4,",
        "      9",
        "    ]",
        "  }",
        "",
        "Next",
        "  what it did  heddle show p1",
        "  all runs     heddle runs",
        "",
      ].join("\n"),
    );
    assert.equal(cli.err, "");
  });

  test("of a failed run tells the error and its cause, and how to try again, and ends with 1", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("broken"), "--id", "b1"), 1);
    assert.match(cli.out, /✗ price failed: RangeError: no price for A1/u);
    assert.match(cli.err, /^\nRun failed {2}RangeError\n {2}no price for A1\n {2}at fixtures\/flows\.ts:54:11\n\nNext\n/u);
    assert.match(cli.err, /try again {4}heddle retry b1/u);
  });

  test("tells where in the user's code a run failed, and with HEDDLE_DEBUG the whole way there", async () => {
    await using shop = new Shop();
    const brief = shop.cli();
    const whole = shop.cli({ env: { HEDDLE_STORE: "test:", HEDDLE_DEBUG: "1" } });
    await shop.cli().run("run", flows("broken"), "--id", "b1");

    assert.equal(await brief.run("show", "b1"), 0);
    assert.match(brief.out, /\nError\n {2}RangeError: no price for A1\n {2}at fixtures\/flows\.ts:54:11\n/u);
    assert.equal(await whole.run("show", "b1"), 0);
    assert.match(whole.out, /\n {4}at \S*file:\S*flows\.ts:54:11\n {4}at .*\n {4}at /u);
    assert.equal(await whole.run("run", flows("broken"), "--id", "b1"), 1);
    assert.match(whole.err, /no price for A1\n {4}at .*flows\.ts:54:11\n {4}at /u);
  });

  test("with --json prints one object per line, the result last, and nothing else", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("plain"), "--id", "p1", "--json"), 0);
    const lines = jsonLines(cli.out);
    assert.deepEqual(lines[0], { runId: "p1", seq: 1, ...lines[0], type: "run-started" });
    assert.deepEqual(lines.at(-1), { type: "result", runId: "p1", status: "completed", output: { one: 1, squares: [1, 4, 9] } });
    assert.deepEqual(
      lines
        .slice(0, -1)
        .map(({ seq }) => seq)
        .filter((seq, index, all) => all.indexOf(seq) === index),
      [1, 2, 3, 4, 5, 6, 7],
    );
  });

  test("with --json what steps say of themselves is among the events", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("noisy"), "--id", "n1", "--json"), 0);
    const live = jsonLines(cli.out).filter(({ type }) => type === "log" || type === "progress" || type === "stream");
    assert.deepEqual(
      live.map(({ type, key, message, value }) => [type, key, message ?? value]),
      [
        ["log", "print", "a step's line"],
        ["progress", "print", { done: 1 }],
        ["stream", "print", "a piece"],
        ["log", "", "a line for people"],
      ],
    );
  });

  test("with --json a failure is the result too", async () => {
    await using shop = new Shop();
    const failed = shop.cli();
    const unknown = shop.cli();

    assert.equal(await failed.run("run", flows("broken"), "--id", "b1", "--json"), 1);
    const last = jsonLines(failed.out).at(-1) as { status: string; error: { code: string; cause: { name: string } } };
    assert.equal(last.status, "failed");
    assert.equal(last.error.code, "RUN_FAILED");
    assert.equal(last.error.cause.name, "RangeError");

    assert.equal(await unknown.run("run", "nowhere.ts", "--json"), 2);
    const [only] = jsonLines(unknown.out) as { type: string; status: string; error: { code: string } }[];
    assert.deepEqual([only?.type, only?.status, only?.error.code], ["result", "failed", "FILE_UNKNOWN"]);
  });

  test("that can only go on with an answer ends with 3 and the command that answers; then it goes on", async () => {
    await using shop = new Shop();
    const first = shop.cli();
    const answer = shop.cli();
    const second = shop.cli();

    assert.equal(await first.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}'), 3);
    assert.match(first.out, /\? Ship A1\?\n {2}\{\n {4}"hold": "hold A1"\n {2}\}\n {2}approve of o1\n/u);
    assert.match(
      first.out,
      /approve {5}heddle answer o1 approve --yes\n {2}decline {5}heddle answer o1 approve --no\n {2}then go on {2}heddle run 'fixtures\/flows\.ts#order' --id o1/u,
    );

    assert.equal(await answer.run("answer", "o1", "--yes", "--reason", "fine"), 0);
    assert.match(
      answer.out,
      /^Answered approve of o1\. No process runs it now; it takes effect when one does\.\n {2}go on {2}heddle run 'fixtures\/flows\.ts#order' --id o1/u,
    );

    assert.equal(await second.run("run", flows("order"), "--id", "o1"), 0);
    assert.match(second.out, /Output\n {2}shipped A1/u);
  });

  test("with --json what it waits for is in the result, with commands", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}', "--json"), 3);
    const last = jsonLines(cli.out).at(-1) as { status: string; questions: { key: string; command: string }[] };
    assert.equal(last.status, "waiting");
    assert.deepEqual(
      last.questions.map(({ key, command }) => [key, command]),
      [["approve", "heddle answer o1 approve --yes"]],
    );
  });

  test("that waits for a run that waits for a signal names that signal", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("parent"), "--id", "p1"), 3);
    assert.match(cli.out, /✉ p1\.pay waits for signal money\n\nNext\n {2}send it {5}heddle signal p1\.pay money/u);
  });

  test("that waits for a run whose code is not there says what to export", async () => {
    await using shop = new Shop();
    const cli = shop.cli();
    const earlier = workflow("hidden", (ctx) => ctx.step("hang", () => new Promise(() => {})), { version: "1" });
    const careless = workflow("careless", (ctx) => ctx.call("hidden", earlier, undefined));
    {
      const engine = await shop.open({ workflows: [careless], drainMs: 0 });
      await engine.start(careless, undefined, { id: "c1" });
      await until(async () => (await engine.list({ workflow: "hidden" }))[0]?.status === "running");
      await engine.close();
    }

    assert.equal(await cli.run("run", flows("careless"), "--id", "c1"), 1);
    assert.match(cli.out, /✗ c1\.hidden is a run of workflow "hidden", and fixtures\/flows\.ts exports no version 1 of it/u);
  });

  test("goes on with a run that has ended by telling how it ended, without its history again", async () => {
    await using shop = new Shop();
    const first = shop.cli();
    const again = shop.cli();
    const json = shop.cli();

    assert.equal(await first.run("run", flows("plain"), "--id", "p1"), 0);
    assert.equal(await again.run("run", flows("plain"), "--id", "p1"), 0);
    assert.equal(
      again.out,
      `p1 has ended already; "heddle events p1" tells what it did.\n${first.out.slice(first.out.indexOf("\nOutput"))}`,
    );
    assert.equal(await json.run("run", flows("plain"), "--id", "p1", "--json"), 0);
    assert.equal(jsonLines(json.out).length, 8);
  });

  test("makes a name of the workflow's where none is given", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("plain"), "--json"), 0);
    assert.match(String(jsonLines(cli.out)[0]?.runId), /^plain-[0-9a-z]{5}$/u);
  });

  test("refuses another input, and another workflow, under the name of a run that is there", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}');
    const other = shop.cli();
    const elsewhere = shop.cli();

    assert.equal(await other.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"B2"}'), 2);
    assert.match(other.err, /^RUN_EXISTS: Run o1 exists with another input.*\n {2}Next: heddle show o1/su);
    assert.equal(await elsewhere.run("run", flows("plain"), "--id", "o1"), 2);
    assert.match(elsewhere.err, /^RUN_EXISTS: Run o1 is of workflow "order"/u);
  });

  test("says of a wrong input what was expected and where", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("order"), "--input", '{"sku":1}'), 2);
    assert.match(cli.err, /^INPUT_INVALID: .*sku.*expected text/su);
    assert.equal(cli.err.match(/expected text/gu)?.length, 1, "and says it once");
  });

  test("reads input from a file and from standard input", async () => {
    await using shop = new Shop();
    const piped = shop.cli({ stdin: '{"sku":"Z9"}' });
    const file = shop.cli();

    assert.equal(await piped.run("run", flows("order"), "--input", "-", "--id", "o1"), 3);
    assert.match(piped.out, /Ship Z9\?/u);
    assert.equal(await file.run("run", flows("order"), "--input", "@fixtures/order.json", "--id", "o2"), 3);
    assert.match(file.out, /Ship F1\?/u);
    assert.equal(await file.run("run", flows("order"), "--input", "@fixtures/no.json"), 2);
    assert.match(file.err, /^FILE_UNKNOWN: --input: the file fixtures\/no\.json cannot be read/u);
  });

  test("in memory names no commands for later, for there is nothing left", async () => {
    await using shop = new Shop();
    const cli = shop.cli();

    assert.equal(await cli.run("run", flows("plain"), "--store", "memory:"), 0);
    assert.doesNotMatch(cli.out, /Next/u);
  });

  test("stopped by Ctrl-C ends with 130 and prints the command that goes on", async () => {
    await using shop = new Shop();
    const cli = shop.cli();
    const running = cli.run("run", flows("payment"), "--id", "p1", "--wait");
    await until(() => cli.out.includes("waits for signal"));

    cli.interruption.abort({ signal: "SIGINT", exitCode: 130 });
    assert.equal(await running, 130);
    assert.match(cli.out, /Stopped\. p1 keeps what it has recorded.*\n {2}go on {4}heddle run 'fixtures\/flows\.ts#payment' --id p1/u);
  });

  test("with --wait stays until the signal comes", async () => {
    await using shop = new Shop();
    const cli = shop.cli();
    const sender = shop.cli();
    const running = cli.run("run", flows("payment"), "--id", "p1", "--wait");
    await until(() => cli.out.includes("waits for signal"));
    await until(() => cli.timers > 4);

    assert.doesNotMatch(cli.out, /Next/u, "it has not ended");
    assert.equal(await sender.run("signal", "p1", "money", "--value", '{"amount":12}'), 0);
    assert.match(sender.out, /^Sent money to p1\./u);
    assert.equal(await running, 0);
    assert.match(cli.out, /"amount": 12/u);
  });
});

describe("run, in a terminal", () => {
  test("draws the tree in place and leaves its last picture", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(80, 24);
    const cli = shop.cli({ screen: terminal });

    assert.equal(await cli.run("run", flows("plain"), "--id", "plain-1"), 0);
    assert.match(terminal.text, /^✓ plain-1 {2}completed {2}\S+\n├ ✓ one\b.*\n└ ✓ square 3 {2}\S+\n\nOutput\n/u);
    assert.equal(terminal.cursorShown, true);
    assert.equal(terminal.listeners, 0);
  });

  test("asks in place, and goes on with the answer", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(80, 24);
    const cli = shop.cli({ screen: terminal, keyboard: true });
    const running = cli.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}');

    await cli.type("y", "go", "\r");
    assert.equal(await running, 0);
    assert.match(terminal.text, /Output\n {2}shipped A1/u);
    assert.doesNotMatch(terminal.text, /Approve\?/u);
    assert.equal(cli.listening, false);
  });

  test("shows the run that it waits for, and asks what that one asks", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(80, 24);
    const cli = shop.cli({ screen: terminal, keyboard: true });
    const running = cli.run("run", flows("buyer"), "--id", "buyer-1");
    await until(() => terminal.text.includes("Approve?"));

    assert.match(terminal.text, /└ → buy +waits for run buyer-1\.buy\n {2}├ ✓ reserve.*\n {2}└ \? approve +Ship C3\?\n/u);
    await cli.type("y", "\r");
    assert.equal(await running, 0);
    assert.match(terminal.text, /└ ✓ buy .*\n\nOutput\n {2}shipped C3/u);
  });

  test("puts a question off at Escape and waits on", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(80, 24);
    const cli = shop.cli({ screen: terminal, keyboard: true });
    const running = cli.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}');

    await cli.type("\u001b");
    await until(() => !terminal.text.includes("Approve?"));
    assert.equal(cli.listening, false);
    assert.equal(await shop.cli().run("answer", "o1", "--yes"), 0);
    assert.equal(await running, 0);
  });

  test("without a keyboard ends with 3 and the command that answers", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(80, 24);
    const cli = shop.cli({ screen: terminal });

    assert.equal(await cli.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}'), 3);
    assert.match(terminal.text, /approve {5}heddle answer o1 approve --yes/u);
  });

  test("asks one question after the other, and who answers where only some may", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(60, 24);
    const cli = shop.cli({ screen: terminal, keyboard: true });
    const running = cli.run("run", flows("survey"), "--id", "s1");

    await cli.type("2", "\r");
    await until(() => terminal.text.includes("Whose is it?"));
    await until(() => cli.listening);
    await cli.type("sam", "\r");
    await until(() => terminal.text.includes("Answer as: lea"));
    await cli.type("lea", "\r");
    assert.equal(await running, 0);
    assert.match(terminal.text, /"size": "large",\n {4}"name": "sam",\n {4}"by": "lea"/u);
  });

  test("takes the question away when somebody else answers it", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(60, 24);
    const cli = shop.cli({ screen: terminal, keyboard: true });
    const running = cli.run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}');
    await until(() => terminal.text.includes("Approve?"));

    assert.equal(await shop.cli().run("answer", "o1", "--no", "--reason", "sold out"), 0);
    assert.equal(await running, 0);
    assert.match(terminal.text, /"declined": "sold out"/u);
    assert.doesNotMatch(terminal.text, /Approve\?/u);
  });

  test("prints what user code prints above the tree", async () => {
    await using shop = new Shop();
    const terminal = new FakeTerminal(60, 24);
    const cli = shop.cli({ screen: terminal });
    const running = cli.run("run", flows("payment"), "--id", "payment-1", "--wait");
    await until(() => terminal.text.includes("waits for signal"));

    cli.print("half a ");
    cli.print("line\nand another\n");
    await until(() => terminal.text.includes("and another"));
    assert.match(terminal.text, /^half a line\nand another\n◷ payment-1/u);
    cli.interruption.abort({ signal: "SIGINT", exitCode: 130 });
    assert.equal(await running, 130);
  });
});

describe("looking and acting", () => {
  test("runs lists the newest first, and show tells of one", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("plain"), "--id", "plain-1");
    await shop.cli().run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}');
    const list = shop.cli();
    const show = shop.cli();

    assert.equal(await list.run("runs"), 0);
    assert.match(list.out, /^◷ o1 {7}waiting .*\n✓ plain-1 {2}completed /u);
    assert.equal(await show.run("show", "o1"), 0);
    assert.match(show.out, /^◷ o1 {2}waiting\n {2}workflow {2}order\n/u);
    assert.match(show.out, /Input\n {2}\{\n {4}"sku": "A1"\n {2}\}/u);
    assert.match(show.out, /✓ reserve +hold A1/u);
    assert.match(show.out, /Waits for\n {2}\? Ship A1\?/u);
    assert.match(show.out, /answer {2}heddle answer o1 approve --yes/u);
  });

  test("runs is filtered, limited and printed for programs", async () => {
    await using shop = new Shop();
    for (const id of ["p1", "p2", "p3"]) await shop.cli().run("run", flows("plain"), "--id", id, "--tag", `who=${id}`);
    const printed = async (...args: string[]): Promise<string[]> => {
      const cli = shop.cli();
      assert.equal(await cli.run("runs", "--json", ...args), 0);
      return cli.out === ""
        ? []
        : jsonLines(cli.out)
            .map(({ runId }) => String(runId))
            .sort();
    };

    assert.deepEqual(await printed(), ["p1", "p2", "p3"]);
    assert.deepEqual(await printed("--tag", "who=p2"), ["p2"]);
    assert.deepEqual(await printed("--status", "failed"), []);
    assert.equal((await printed("--limit", "2")).length, 2);
    const wrong = shop.cli();
    assert.equal(await wrong.run("runs", "--status", "done"), 2);
    assert.match(wrong.err, /it is one of queued, running/u);
  });

  test("show tells a run as it was after an event, and its output alone", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("plain"), "--id", "p1");
    const early = shop.cli();
    const output = shop.cli();
    const json = shop.cli();

    assert.equal(await early.run("show", "p1", "--at", "2"), 0);
    assert.match(early.out, /after event 2/u);
    assert.doesNotMatch(early.out, /square/u);
    await output.run("show", "p1", "--output");
    assert.deepEqual(JSON.parse(output.out), { one: 1, squares: [1, 4, 9] });
    await json.run("show", "p1", "--json");
    assert.equal(jsonLines(json.out)[0]?.status, "completed");
  });

  test("events tells the history, from where it is asked", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("broken"), "--id", "b1");
    const all = shop.cli();
    const some = shop.cli();

    assert.equal(await all.run("events", "b1"), 0);
    assert.match(all.out, /^ {4}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}• broken started\n/u);
    assert.match(all.out, /✗ price failed: RangeError: no price for A1/u);
    assert.equal(await some.run("events", "b1", "--from", "2", "--json"), 0);
    assert.equal(jsonLines(some.out)[0]?.seq, 3);
  });

  test("an unknown run is told with its nearest neighbours", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("plain"), "--id", "order-7");
    const cli = shop.cli();

    assert.equal(await cli.run("show", "order-1"), 2);
    assert.match(cli.err, /^RUN_UNKNOWN: There is no run "order-1"\. Did you mean order-7\?\n {2}Next: heddle runs$/mu);
  });

  test("answer tells the questions where there are several, and refuses what does not fit", async () => {
    await using shop = new Shop();
    const asked = shop.cli();
    const wrong = shop.cli();
    const other = shop.cli();
    const bare = shop.cli();

    assert.equal(await asked.run("run", flows("survey"), "--id", "s1"), 3);
    assert.match(asked.out, /\? Which size\?\n {2}size of s1\n {2}• small\n {2}• large\n\nNext\n/u);

    assert.equal(await wrong.run("answer", "s1", "size", "--choice", "huge"), 2);
    assert.match(wrong.err, /^ANSWER_INVALID: .*small, large/u);
    assert.equal(await other.run("answer", "s1", "colour", "--text", "red"), 2);
    assert.match(other.err, /^QUESTION_UNKNOWN: .*it asks size/u);
    assert.equal(await bare.run("answer", "s1"), 3);
    assert.match(
      bare.out,
      /\? Which size\?\n {2}size of s1\n {2}• small\n {2}• large\n {2}answer {2}heddle answer s1 size --choice small/u,
    );
    assert.equal(await bare.run("answer", "s1", "--yes", "--no"), 2);
  });

  test("answer reaches the question of a run that is waited for, where there is one alone", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("buyer"), "--id", "buyer-1");
    const cli = shop.cli();

    assert.equal(await cli.run("answer", "buyer-1", "--yes"), 0);
    assert.match(cli.out, /^Answered approve of buyer-1\.buy\..*\n {2}go on {2}heddle run .*flows\.ts#buyer' --id buyer-1$/mu);
    const after = shop.cli();
    assert.equal(await after.run("run", flows("buyer"), "--id", "buyer-1", "--json"), 0);
    assert.equal(jsonLines(after.out).at(-1)?.output, "shipped C3");
  });

  test("answer asks in place in a terminal", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}');
    const terminal = new FakeTerminal(60, 20);
    const cli = shop.cli({ screen: terminal, keyboard: true });
    const answering = cli.run("answer", "o1");

    await cli.type("n", "sold out\r");
    assert.equal(await answering, 0);
    assert.match(terminal.text, /^Answered approve of o1\./u);
    const after = shop.cli();
    assert.equal(await after.run("run", flows("order"), "--id", "o1", "--json"), 0);
    assert.deepEqual(jsonLines(after.out).at(-1)?.output, { declined: "sold out" });
  });

  test("cancel, pause, resume and retry take effect when the run goes on", async () => {
    await using shop = new Shop();
    const on = async (name: string, id: string): Promise<TestCli & { code?: number }> => {
      const cli: TestCli & { code?: number } = shop.cli();
      cli.code = await cli.run("run", flows(name), "--id", id);
      return cli;
    };
    await on("payment", "p1");

    assert.equal(await shop.cli().run("pause", "p1", "--reason", "stocktaking"), 0);
    const paused = await on("payment", "p1");
    assert.equal(paused.code, 3);
    assert.match(paused.out, /p1 is paused: .*stocktaking/u);
    assert.equal(await shop.cli().run("resume", "p1"), 0);
    assert.equal(await shop.cli().run("cancel", "p1", "--reason", "enough"), 0);
    const cancelled = await on("payment", "p1");
    assert.equal(cancelled.code, 1);
    assert.match(cancelled.err, /Run cancelled/u);

    await on("broken", "b1");
    const dead = shop.cli();
    assert.equal(await dead.run("dead"), 0);
    assert.match(dead.out, /✗ b1 {2}failed .*no price for A1/u);
    const retry = shop.cli();
    assert.equal(await retry.run("retry", "b1", "--id", "b2"), 0);
    assert.match(retry.out, /^b2 runs again what failed in b1\./u);
    const again = await on("broken", "b2");
    assert.equal(again.code, 1);
    assert.match(again.out, /^b2 goes on after event \d+; .*\n.*✗ price failed: RangeError: no price for A1\n.*✗ b2 failed after .*\n$/u);
  });

  test("fork begins another run from the history, with another result if asked", async () => {
    await using shop = new Shop();
    await shop.cli().run("run", flows("plain"), "--id", "p1");
    const fork = shop.cli();

    assert.equal(await fork.run("fork", "p1", "--at", "2", "--id", "p2", "--set", "one=41"), 0);
    assert.match(fork.out, /^p2 goes on from p1, event 2\./u);
    const on = shop.cli();
    assert.equal(await on.run("run", flows("plain"), "--id", "p2", "--json"), 0);
    assert.deepEqual(jsonLines(on.out).at(-1)?.output, { one: 41, squares: [1, 4, 9] });
  });
});

describe("plans", () => {
  const output = async (code: number, ...args: string[]): Promise<string> => {
    const cli = new TestCli();
    assert.equal(await cli.run(...args), code, cli.err);
    return cli.out + cli.err;
  };

  test("are validated: a summary, or every fault with its place and its mend", async () => {
    assert.equal(await output(0, "validate", "fixtures/plan.json"), '✓ fixtures/plan.json: plan "chain", eager, 2 tasks\n');
    assert.match(await output(0, "validate", flows("plain")), /flows\.ts#plain: workflow "plain", a durable function\n/u);
    const faults = await output(1, "validate", "fixtures/faulty-plan.json");
    assert.match(faults, /^✗ fixtures\/faulty-plan\.json has 2 faults:\n/u);
    assert.match(faults, /^ {2}\/tasks\/store\/when\/0\/join\n {4}\S/mu);
    assert.match(faults, /^ {2}\/tasks\/store\/when\/0\/after\/0\S*\n {4}.*fetch/mu);
    const lines = jsonLines(await output(1, "validate", "fixtures/faulty-plan.json", "--json"));
    assert.deepEqual(lines.at(-1), { type: "result", source: "fixtures/faulty-plan.json", status: "invalid", faults: 2 });
    assert.equal(lines.length, 3);
  });

  test("are drawn in four ways", async () => {
    assert.match(await output(0, "graph", "fixtures/plan.json"), /^flowchart/u);
    assert.match(await output(0, "graph", "fixtures/plan.json", "--format", "dot"), /^digraph/u);
    assert.match(await output(0, "graph", "fixtures/plan.json", "-f", "svg"), /^<svg/u);
    assert.match(await output(0, "graph", "fixtures/plan.json", "-f", "ascii"), /│ fetch/u);
    assert.match(
      await output(2, "graph", "fixtures/plan.json", "-f", "png"),
      /^USAGE: --format knows no "png"; it is one of mermaid, dot, svg, ascii\./u,
    );
  });

  test("with faults are not drawn, and not run without code", async () => {
    assert.match(
      await output(1, "graph", "fixtures/faulty-plan.json"),
      /^PLAN_INVALID: fixtures\/faulty-plan\.json has 2 faults; .*\n {2}\/tasks\/store/u,
    );
    assert.match(await output(2, "run", "fixtures/plan.json"), /^USAGE: fixtures\/plan\.json is a plan without code/u);
  });
});

describe("the program", () => {
  test("explains itself, and each command", async () => {
    const cli = new TestCli();

    assert.equal(await cli.run(), 0);
    assert.match(cli.out, /^heddle 1\.2\.3: workflows that finish\n\nUsage: heddle COMMAND/u);
    for (const group of ["Run", "Look", "Act on a run", "Check", "Examples"]) assert.match(cli.out, new RegExp(`^${group}$`, "mu"));
    assert.ok(cli.out.split("\n").length < 45, "short enough for a screen");
    const help = new TestCli();
    assert.equal(await help.run("help", "run"), 0);
    assert.match(help.out, /--input JSON\|@FILE\|-/u);
    const same = new TestCli();
    assert.equal(await same.run("run", "--help"), 0);
    assert.equal(same.out, help.out);
    const version = new TestCli();
    assert.equal(await version.run("--version"), 0);
    assert.equal(version.out, "1.2.3\n");
  });

  test("every command has a summary, a usage that begins with its name, and examples that name real commands", async () => {
    const { commands } = await import("../../src/cli/command-list.ts");
    const names = new Set(commands.map(({ name }) => name));

    for (const command of commands) {
      assert.ok(command.usage.startsWith(command.name), command.name);
      assert.ok(command.summary.length < 90 && !command.summary.endsWith("."), command.summary);
      assert.ok(command.examples.length > 0);
      for (const [line] of command.examples)
        assert.ok(names.has(line.split(" ")[0] ?? "") || names.has(line.split(" ", 2).join(" ")), line);
    }
  });

  test("names the nearest command, and the way to run a file", async () => {
    const says = async (...args: string[]): Promise<string> => {
      const cli = new TestCli();
      assert.equal(await cli.run(...args), 2);
      return cli.err;
    };

    assert.equal(await says("rnu"), 'USAGE: There is no command "rnu". Did you mean "run"?\n  Next: heddle --help\n');
    assert.match(await says("flow.ts"), /To run a file: run flow\.ts\./u);
    assert.match(await says("--store", "x", "runs"), /write the command first/u);
    assert.match(await says("help", "rnu"), /There is no command "rnu"/u);
    assert.equal(
      await says("show"),
      'USAGE: "show" needs RUN.\n  usage: show RUN [--at SEQ] [--output] [options]\n  Next: heddle help show\n',
    );
  });

  test("says where JSON is wrong, with a caret", async () => {
    const cli = new TestCli();

    assert.equal(await cli.run("run", flows("plain"), "--input", '{"a":1,}'), 2);
    assert.equal(cli.err, 'JSON_INVALID: --input is not JSON: unexpected "}" after a comma at line 1, column 8.\n  {"a":1,}\n         ^\n');
  });

  test("says that there is no store yet instead of making one", async () => {
    const cli = new TestCli({ cwd: import.meta.dirname });

    assert.equal(await cli.run("runs"), 0);
    assert.match(cli.err, /^No runs: there is no store sqlite:\.heddle\/heddle\.db yet/u);
    const show = new TestCli({ cwd: import.meta.dirname });
    assert.equal(await show.run("show", "x"), 1);
    assert.match(show.err, /^STORE_UNAVAILABLE: There is no store/u);
  });

  test("an error that nobody foresaw is told in a sentence, and in whole where asked", async () => {
    const open = (): Promise<Engine> => Promise.reject(new TypeError("odd"));
    const cli = new TestCli({ open, env: { HEDDLE_STORE: "memory:" } });
    const debug = new TestCli({ open, env: { HEDDLE_STORE: "memory:", HEDDLE_DEBUG: "1" } });

    assert.equal(await cli.run("runs"), 1);
    assert.equal(cli.err, "ERROR: TypeError: odd\n  Next: HEDDLE_DEBUG=1 in the environment shows where it comes from\n");
    assert.equal(await debug.run("runs"), 1);
    assert.match(debug.err, /at .*run-command\.test/u);
  });
});
