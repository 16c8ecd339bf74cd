import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveEvent, open, workflow } from "heddle";

test("onLive hears a run from its first word: starts, log lines, progress and pieces, in order", async () => {
  const talks = workflow("talks", async (ctx) => {
    ctx.log("begins");
    await ctx.step("work", ({ log, heartbeat, stream }) => {
      log("works", { at: 1 });
      heartbeat({ done: 1, total: 2 });
      stream("piece");
    });
    await ctx.map("items", ["a", "b"], (item) => item, { id: (item) => item });
  });
  const heard: string[] = [];
  const say = (runId: string, event: LiveEvent): void => {
    const { type, key, total, message, value } = event as unknown as Record<string, unknown>;
    heard.push(JSON.stringify([runId, type, key, total ?? message ?? value]));
  };
  await using engine = await open("memory:", { workflows: [talks], onLive: say });

  await (await engine.start(talks, undefined, { id: "r1" })).result();
  assert.deepEqual(
    heard.map((line) => JSON.parse(line) as unknown),
    [
      ["r1", "log", "", "begins"],
      ["r1", "started", "work", null],
      ["r1", "log", "work", "works"],
      ["r1", "progress", "work", { done: 1, total: 2 }],
      ["r1", "stream", "work", "piece"],
      ["r1", "started", "items", 2],
      ["r1", "started", "items/a", null],
      ["r1", "started", "items/b", null],
    ],
  );
});

test("who begins to watch late is told what is under way: maps with their size, and steps", async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const maps = workflow("maps", (ctx) =>
    ctx.map(
      "items",
      [1, 2, 3, 4, 5],
      async (item) => {
        if (item === 3) begun.resolve();
        if (item > 1) await gate.promise;
        return item;
      },
      { concurrency: 2 },
    ),
  );
  await using engine = await open("memory:", { workflows: [maps] });
  const run = await engine.start(maps, undefined, { id: "r1" });
  await begun.promise;

  const told: string[] = [];
  for await (const event of run.events()) {
    if (event.type === "started") told.push(event.total === undefined ? event.key : `${event.key} of ${event.total}`);
    if (told.length === 3) break;
  }
  assert.deepEqual(told.sort(), ["items of 5", "items/1", "items/2"]);
  gate.resolve();
  await run.result();
});

test("a listener that throws harms no run", async () => {
  const fine = workflow("fine", (ctx) => ctx.step("work", () => "done"));
  const surfaced = new Promise<unknown>((resolve) => {
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      for (const listener of others) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
  const fault = new Error("a listener's fault");
  await using engine = await open("memory:", {
    workflows: [fine],
    onLive: () => {
      throw fault;
    },
  });

  assert.equal(await (await engine.start(fine, undefined)).result(), "done");
  assert.equal(await surfaced, fault);
});
