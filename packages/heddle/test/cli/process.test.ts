import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fixture, Workshop } from "./processes.ts";

const flows = (name: string): string => `${fixture("flows.ts")}#${name}`;
const slow = `${fixture("slow.ts")}#slow`;
const deaf = `${fixture("slow.ts")}#deaf`;
const work = (more: object): string => JSON.stringify({ effects: "effects", steps: 6, ...more });

/** Each of the steps, once. */
const allSteps = ["step-0", "step-1", "step-2", "step-3", "step-4", "step-5"];

describe("heddle, as processes", { concurrency: 2, timeout: 120_000 }, () => {
  test("--json prints objects alone, whatever user code prints, and keeps the run in .heddle", async () => {
    await using shop = new Workshop();

    const child = await shop.run(["run", flows("noisy"), "--id", "n1", "--json"]);
    assert.equal(child.code, 0, child.err);
    assert.deepEqual(child.json.at(-1), { type: "result", runId: "n1", status: "completed", output: "quiet" });
    assert.match(child.err, /^to stdout\nto stderr\n$/u);
    assert.equal(readFileSync(join(shop.folder, ".heddle/.gitignore"), "utf8"), "*\n");
    assert.ok(existsSync(join(shop.folder, ".heddle/heddle.db")));
  });

  test("exit codes: 0 done, 1 failed, 2 wrong usage, 3 waiting", async () => {
    await using shop = new Workshop();
    const codes = async (...args: string[]): Promise<number | null> => (await shop.run(args)).code;

    assert.equal(await codes("run", flows("plain"), "--store", "memory:"), 0);
    assert.equal(await codes("run", flows("broken"), "--store", "memory:"), 1);
    assert.equal(await codes("run", flows("order"), "--input", "{", "--store", "memory:"), 2);
    assert.equal(await codes("run", flows("order"), "--input", '{"sku":"A1"}', "--store", "memory:"), 3);
  });

  test("Ctrl-C stops cleanly with 130; the printed command goes on, and no completed step runs again", async () => {
    await using shop = new Workshop();
    const first = shop.start(["run", slow, "--id", "s1", "--input", work({ holdAt: 3 })]);
    await first.until("step-2");
    await until(() => shop.lines("effects").includes("step-3"));

    await first.kill("SIGINT");
    assert.equal(await first.ended, 130, first.err);
    const command = /go on {4}heddle (?<args>.*)/u.exec(first.out)?.groups?.args ?? "";
    assert.equal(command, `run '${slow.replace(shop.folder, "")}' --id s1`.replace(/'.*'/u, /'.*'/u.exec(command)?.[0] ?? ""));

    const second = await shop.run(["run", slow, "--id", "s1", "--json"], { GO_ON: "1" });
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(second.json.at(-1)?.output, { steps: 6 });
    assert.deepEqual(
      shop.lines("effects").filter((line) => line !== "step-3"),
      allSteps.filter((line) => line !== "step-3"),
    );
  });

  test("Ctrl-C pressed again ends it at once, whatever user code does", async () => {
    await using shop = new Workshop();
    const child = shop.start(["run", deaf, "--id", "d1"]);
    await child.until("d1 started");

    await child.kill("SIGINT");
    await until(() => child.err.includes("Stopping"));
    // The first press may be told twice by the machinery around a terminal; only what comes later is another one.
    while (child.code === null && child.signal === null) {
      await child.kill("SIGINT");
      await Promise.race([child.ended, pause(50)]);
    }
    assert.equal(child.code, 130);
    assert.doesNotMatch(child.out, /Stopped\./u, "it did not wait for the end of the step");
  });

  test("kill -9 in the middle, then the same command: the very result of an undisturbed run", async () => {
    await using shop = new Workshop();
    await using calm = new Workshop();
    const undisturbed = await calm.run(["run", slow, "--id", "s1", "--input", work({}), "--json"]);
    const args = ["run", slow, "--id", "s1", "--input", work({ holdAt: 3 }), "--json"];
    const first = shop.start(args);
    await until(() => shop.lines("effects").includes("step-3"));

    await first.kill("SIGKILL");
    assert.equal(first.signal, "SIGKILL");
    const second = await shop.run(args, { GO_ON: "1" });
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(second.json.at(-1), undisturbed.json.at(-1));
    // Every step has taken effect; the one that was under way, twice.
    assert.deepEqual(shop.lines("effects"), [...allSteps.slice(0, 4), "step-3", ...allSteps.slice(4)]);
  });

  test("a second process answers while the first one waits", async () => {
    await using shop = new Workshop();
    const waiting = shop.start(["run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}', "--wait"]);
    await waiting.until("approve asks");

    const answer = await shop.run(["answer", "o1", "--yes"]);
    assert.equal(answer.code, 0, answer.err);
    assert.equal(await waiting.ended, 0, waiting.err);
    assert.match(waiting.out, /Output\n {2}shipped A1/u);
  });

  test("a second process cancels a run of the first", async () => {
    await using shop = new Workshop();
    const first = shop.start(["run", slow, "--id", "s1", "--input", work({ holdAt: 1 })]);
    await until(() => shop.lines("effects").includes("step-1"));

    assert.equal((await shop.run(["cancel", "s1", "--reason", "enough"])).code, 0);
    assert.equal(await first.ended, 1);
    assert.match(first.err, /Run cancelled/u);
    assert.match((await shop.run(["show", "s1"])).out, /^✗|^∅/u);
  });

  test("--detach returns at once; the run goes on, is followed, answered and ends by itself", async () => {
    await using shop = new Workshop();

    const detached = await shop.run(["run", flows("order"), "--id", "o1", "--input", '{"sku":"A1"}', "--detach"]);
    assert.equal(detached.code, 0, detached.err);
    assert.match(
      detached.out,
      /^o1 runs in process \d+; its events go to \S+\.heddle\/o1\.log\n {2}follow {2}heddle events o1 --follow\n/u,
    );
    const follow = shop.start(["events", "o1", "--follow"]);
    await follow.until("approve asks");
    assert.equal((await shop.run(["answer", "o1", "--yes"])).code, 0);
    assert.equal(await follow.ended, 0, follow.err);
    assert.match(follow.out, /run completed "?shipped A1"?\n$/u);
    await until(() => shop.lines(".heddle/o1.log").at(-1)?.includes('"type":"result"') === true);
  });

  test("--detach says at once what is wrong with the start", async () => {
    await using shop = new Workshop();

    const wrong = await shop.run(["run", flows("order"), "--input", "{}", "--detach"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /^INPUT_INVALID/u);
    const memory = await shop.run(["run", flows("plain"), "--store", "memory:", "--detach"]);
    assert.equal(memory.code, 2);
    assert.match(memory.err, /^USAGE: --detach needs a store that two processes can open/u);
  });

  test("a reader that goes away is no error: heddle events | head", async () => {
    await using shop = new Workshop();
    await shop.run(["run", slow, "--id", "s1", "--input", work({ steps: 400 })]);
    const program = fixture("../../../bin/heddle.js");
    const shell = spawn("sh", ["-c", `"${process.execPath}" "${program}" events s1 --json | head -n 1`], {
      cwd: shop.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let err = "";
    shell.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));

    const [code] = (await once(shell, "close")) as [number];
    assert.equal(code, 0);
    assert.equal(err, "");
  });

  test("doctor finds a healthy store healthy, and a damaged one damaged", async () => {
    await using shop = new Workshop();
    const before = await shop.run(["doctor"]);
    assert.equal(before.code, 0, before.err);
    assert.match(before.out, /! store +sqlite:\.heddle\/heddle\.db is not there yet/u);

    await shop.run(["run", flows("plain"), "--id", "p1"]);
    await shop.run(["run", flows("broken"), "--id", "b1"]);
    const healthy = await shop.run(["doctor"]);
    assert.equal(healthy.code, 0, healthy.out);
    for (const line of [
      "✓ node ",
      "✓ schema   version ",
      "✓ journal  wal",
      "✓ pages    whole",
      "✓ fsync ",
      "✓ runs     2: ",
      "✓ due ",
      "✓ clock ",
      "! failed   1 run failed and nobody retried: b1",
    ]) {
      assert.ok(healthy.out.includes(line), `${line} in\n${healthy.out}`);
    }
    writeFileSync(join(shop.folder, "notes.db"), "this is no database, but it is long enough to look at ".repeat(50));
    const damaged = await shop.run(["doctor", "--store", "sqlite:notes.db"]);
    assert.equal(damaged.code, 1);
    assert.match(damaged.out, /✗ opens .*\(STORE_NOT_A_STORE\)/u);
  });

  test("the program knows its version and its Node", async () => {
    await using shop = new Workshop();

    const version = await shop.run(["--version"]);
    assert.equal(version.code, 0);
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/u);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10);
}
