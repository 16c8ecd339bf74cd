import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HeddleError, hasCode, workflow, type ErrorCode } from "heddle";
import type { RunStore } from "@heddle/kernel";
import { canRun, runProcess } from "./other-process.ts";
import { FakePlace } from "./fake-place.ts";

const minuteMs = 60_000;

/** A store whose writes are refused while `code` says so. Reads go on. */
class Refusing {
  code: ErrorCode | null = null;
  refused = 0;

  readonly wrap = (store: RunStore): RunStore =>
    new Proxy(store, {
      get: (target, name): unknown => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        const writes = ["commit", "claim", "heartbeat", "reapDeadNodes", "setStatus", "putBlob"].includes(String(name));
        return (...parameters: unknown[]) => {
          if (!writes || this.code === null) return Reflect.apply(method, target, parameters) as unknown;
          this.refused++;
          return Promise.reject(new HeddleError(this.code, "as told"));
        };
      },
    });
}

const steps = (did: string[]) =>
  workflow("steps", async (ctx, input: string) => {
    for (let index = 0; index < 5; index++) await ctx.step(`s${index}`, () => void did.push(`${input}${index}`));
    await ctx.sleep("pause", "2m");
    await ctx.step("last", () => void did.push(`${input} last`));
    return input;
  });

test("case 24: on a full disk runs stand still, none fails, everything can be read; with room they go on, and no effect happens twice", async () => {
  await using place = new FakePlace();
  const did: string[] = [];
  const job = steps(did);
  const disk = new Refusing();
  const engine = await place.open({ workflows: [job] }, disk.wrap);
  const first = await engine.start(job, "a", { id: "a" });
  await place.untilStatus("a", "waiting");
  disk.code = "STORE_FULL";
  const second = engine.start(job, "b", { id: "b" });
  // A wait is over, a start and a signal come: nothing of it can be kept, and nobody is told that it was.
  const signalled = engine.signal("a", "word", "hello", { id: "one" });
  const told: string[] = [];
  for (const [what, promise] of Object.entries({ second, signalled, result: first.result() }))
    promise.then(
      () => told.push(what),
      (error: unknown) => told.push(`${what} ${String(error)}`),
    );
  await place.clock.advance(30 * minuteMs);
  assert.deepEqual(told, []);
  assert.ok(disk.refused > 10 && disk.refused < 5_000, `${disk.refused} tries`);
  assert.deepEqual(did, ["a0", "a1", "a2", "a3", "a4"]);
  assert.equal((await first.state()).tasks[0]?.operations.length, 6);
  assert.equal((await engine.list()).length, 1);
  disk.code = null;

  const results = await place.clock.runUntil(
    Promise.all([first.result(), (await place.clock.runUntil(second, minuteMs)).result(), signalled]),
  );
  assert.deepEqual(results.slice(0, 2), ["a", "b"]);
  assert.equal(new Set(did).size, did.length);
  assert.equal(did.length, 12);
  for (const { runId, status } of await place.rows()) assert.equal(status, "completed", runId);
});

for (const code of ["STORE_FAILED", "STORE_READ_ONLY", "STORE_NEWER"] as const) {
  test(`case 27: once its store says ${code} an engine believes nothing more, though the store would answer again; the next engine goes on`, async () => {
    await using place = new FakePlace();
    const did: string[] = [];
    const job = steps(did);
    const disk = new Refusing();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const gated = workflow("gated", async (ctx) => {
      await ctx.step("gate", () => gate);
      await ctx.step("after", () => void did.push("after"));
      return "done";
    });
    const engine = await place.open({ workflows: [job, gated] }, disk.wrap);
    const parked = await engine.start(job, "a", { id: "a" });
    await place.untilStatus("a", "waiting");
    const running = await engine.start(gated, undefined, { id: "g" });
    disk.code = code;
    const results = [parked.result(), running.result()].map((result) => result.catch((error: unknown) => error));
    open();
    for (const error of await place.clock.runUntil(Promise.all(results), minuteMs)) assert.ok(hasCode(error, code), String(error));
    disk.code = null;
    disk.refused = 0;

    await place.clock.advance(30 * minuteMs);
    assert.deepEqual(did, ["a0", "a1", "a2", "a3", "a4"], "nothing that stands on what is not known");
    await assert.rejects(engine.start(job, "b"), { code });
    await assert.rejects(engine.signal("a", "word"), { code });
    await place.close(engine);
    const next = await place.open({ workflows: [job, gated] });
    assert.equal(await place.clock.runUntil((await next.get("a")).result()), "a");
    assert.equal(await place.clock.runUntil((await next.get("g")).result()), "done");
    assert.deepEqual(did.toSorted(), ["a last", "a0", "a1", "a2", "a3", "a4", "after"]);
  });
}

test("case 24: an engine on a small disk that really fills up goes on with all its runs when there is room", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-full-"));
  try {
    mkdirSync(join(folder, "disk"));
    const mount = [
      "unshare",
      "--map-root-user",
      "--mount",
      "sh",
      "-c",
      `mount -t tmpfs -o size=6m tmpfs "$0" && exec "$@"`,
      join(folder, "disk"),
    ];
    if (!canRun([...mount, "true"])) return context.skip("no small file system can be mounted here");
    const report = JSON.parse(
      await runProcess([...mount, process.execPath, join(import.meta.dirname, "children", "run-on-full-disk.ts"), join(folder, "disk")]),
    ) as {
      readonly stalled: readonly string[];
      readonly refused: number;
      readonly readable: number;
      readonly results: readonly unknown[];
      readonly effects: number;
      readonly again: readonly unknown[];
    };

    assert.ok(report.refused >= 3, `${report.refused} commits were refused`);
    assert.deepEqual([...new Set(report.stalled)], ["running"]);
    assert.ok(report.readable > 20, `${report.readable} events could be read on the full disk`);
    assert.deepEqual(report.results, ["done", "done", "done", "done"]);
    assert.equal(report.effects, 4 * 60, "each effect happened once");
    assert.deepEqual(report.again, ["done", "done", "done", "done"], "after opening again");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
