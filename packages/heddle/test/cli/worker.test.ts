import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { open } from "heddle";
import { fixture, type HeddleProcess, Workshop } from "./processes.ts";
import { TestCli } from "./test-io.ts";

const file = fixture("queues.ts");
const film = `${file}#film`;
const gpu = ["worker", file, "--queue", "gpu", "--gpus", "1"];
const input = (hold: boolean): string[] => ["--input", JSON.stringify({ hold })];

describe("heddle worker, as processes", { concurrency: 2, timeout: 120_000 }, () => {
  test("a worker serves its queue until it is told to stop, lets what runs end, and says what it does", async () => {
    await using shop = new Workshop();
    const worker = shop.start([...gpu, "--node", "painter"]);
    await worker.until("painter serves queue gpu with film, frame. Ctrl-C stops it.");
    const run = shop.start(["run", film, ...input(true), "--id", "f", "--wait", "--json"]);
    await worker.until("f.frame  begun");

    await worker.kill("SIGTERM");
    await untilSaid(worker, "Stopping");
    writeFileSync(join(shop.folder, "go"), "");
    assert.equal(await worker.ended, 0, worker.err);
    assert.match(worker.out, /f\.frame {2}begun {2}of frame\n.*f\.frame {2}completed {2}of frame\n$/u);
    assert.equal(await run.ended, 0, run.err);
    assert.deepEqual(run.json.at(-1)?.output, { frame: "let go" });
    assert.equal(shop.lines("effects").length, 1);
  });

  test("the queued run of a worker that is killed goes on in another, and ends once", async () => {
    await using shop = new Workshop();
    const first = shop.start(gpu);
    await first.until("serves queue gpu");
    const run = shop.start(["run", film, ...input(true), "--id", "f", "--wait", "--json"]);
    await first.until("f.frame  begun");
    const second = shop.start(gpu);
    await second.until("serves queue gpu");

    await first.kill("SIGKILL");
    await second.until("f.frame  completed");
    assert.equal(await run.ended, 0, run.err);
    assert.deepEqual(run.json.at(-1)?.output, { frame: "rendered" });
    const effects = shop.lines("effects");
    assert.deepEqual(
      effects.map((line) => line.slice(0, 9)),
      ["attempt 1", "attempt 2"],
    );
    assert.notEqual(effects[0]?.slice(9), effects[1]?.slice(9));
    await using engine = await open(`sqlite:${join(shop.folder, ".heddle/heddle.db")}`, { passive: true });
    const events = await Array.fromAsync((await engine.get("f.frame")).events({ live: false }));
    assert.deepEqual(
      events.map(({ type }) => type).filter((type) => type !== "run-crashed"),
      ["run-started", "op-ended", "task-ended", "run-ended"],
    );
  });

  test("a worker's name is refused to a second while the first lives, and passes on at once when it was killed", async () => {
    await using shop = new Workshop();
    const first = shop.start([...gpu, "--node", "painter"]);
    await first.until("painter serves");
    const second = await shop.run([...gpu, "--node", "painter"]);
    assert.equal(second.code, 1);
    assert.match(second.err, /Another living process is node "painter" of this store/u);

    await first.kill("SIGKILL");
    const third = shop.start([...gpu, "--node", "painter"]);
    await third.until("painter serves");
  });
});

describe("heddle worker, refused", () => {
  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no file", [], /"worker" needs FILE/u],
    [
      "a file without a workflow",
      [fixture("processes.ts").replace("fixtures/", "")],
      /has no workflow: it exports HeddleProcess, Workshop, fixture, none of them a workflow/u,
    ],
    ["a plan without code", [fixture("plan.json")], /is a plan without code/u],
    ["a store of its own", [file, "--store", "memory:"], /a worker needs a store that other processes open too/u],
    ["half a GPU", [file, "--gpus", "0.5"], /--gpus needs a whole number from 0/u],
    ["a label without a value", [file, "--label", "zone"], /--label needs KEY=VALUE/u],
  ];
  for (const [what, args, message] of refused) {
    test(what, async () => {
      const cli = new TestCli();
      assert.equal(await cli.run("worker", ...args), 2);
      assert.match(cli.err, message);
    });
  }

  test("a queue that cannot be named", async () => {
    await using shop = new Workshop();
    const cli = new TestCli({ cwd: shop.folder, open });
    assert.equal(await cli.run("worker", file, "--queue", "a b"), 2);
    assert.match(cli.err, /queues\[0\] is "a b"/u);
  });
});

describe("heddle nodes", () => {
  test("lists what each node serves and offers, live ones first", async () => {
    await using shop = new Workshop();
    const url = `sqlite:${join(shop.folder, "heddle.db")}`;
    const gone = await open(url, { node: "gone" });
    await gone.close();
    await using _ = await open(url, {
      node: "painter",
      queues: ["gpu", "mail"],
      capabilities: { gpus: 1, memoryMb: 512, executors: ["docker"], labels: { zone: "a" } },
      concurrency: 4,
    });
    const cli = new TestCli({ cwd: shop.folder, open });

    assert.equal(await cli.run("nodes", "--store", url), 0, cli.err);
    assert.match(
      cli.out,
      /^• painter {2}live {2}0\/4 runs {5}\ds ago {2}gpu,mail {2}memory=512MB gpus=1 executor=docker zone=a\n∅ gone {5}left {2}0\/1000 runs {2}\ds ago {2}default\n$/u,
    );
    const json = new TestCli({ cwd: shop.folder, open });
    await json.run("nodes", "--json", "--store", url);
    const [first] = json.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; status: string; queues: string[] });
    assert.deepEqual([first?.name, first?.status, first?.queues], ["painter", "live", ["gpu", "mail"]]);
  });

  test("tells which node does what one does for all", async () => {
    await using shop = new Workshop();
    const url = `sqlite:${join(shop.folder, "heddle.db")}`;
    await using sweeper = await open(url, { node: "sweeper", retention: "30d" });
    await using _ = await open(url, { node: "another" });
    await eventually(async () => (await sweeper.nodes()).some(({ duties }) => duties.length > 0), "it has taken the duty");
    const cli = new TestCli({ cwd: shop.folder, open });

    assert.equal(await cli.run("nodes", "--store", url), 0, cli.err);
    assert.match(cli.out, /^• another .* default\n• sweeper .* default {2}retention\n$/u);
  });

  test("says so where there is no store, and where there is no node", async () => {
    await using shop = new Workshop();
    const cli = new TestCli({ cwd: shop.folder, open });
    assert.equal(await cli.run("nodes"), 0);
    assert.match(cli.err, /^No nodes: there is no store/u);
    await (await open(`sqlite:${join(shop.folder, "heddle.db")}`, { passive: true })).close();
    assert.equal(await cli.run("nodes", "--store", `sqlite:${join(shop.folder, "heddle.db")}`), 0);
    assert.equal(cli.out, "No nodes.\n");
  });
});

function untilSaid(child: HeddleProcess, text: string): Promise<void> {
  return eventually(() => child.err.includes(text), `it says "${text}"`);
}
