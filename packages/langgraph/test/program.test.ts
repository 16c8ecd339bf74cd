import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type BaseCheckpointSaver, Command, MemorySaver } from "@langchain/langgraph";
import { HeddleSaver } from "@heddle/langgraph";
import { openMemoryStore } from "heddle/internal";
import { places } from "./places.ts";
import { tripGraph } from "./trip-graph.ts";

const config = { configurable: { thread_id: "trip-1" } };

interface Shape {
  readonly next: readonly string[];
  readonly values: unknown;
  readonly asks: readonly unknown[];
}

/** The history of a thread without what differs from run to run. */
async function shapes(saver: BaseCheckpointSaver): Promise<Shape[]> {
  const found: Shape[] = [];
  for await (const { next, values, tasks } of tripGraph(saver, () => {}).getStateHistory(config))
    found.push({
      next: next.toSorted(),
      values: values as unknown,
      asks: tasks.flatMap(({ interrupts }) => interrupts.map(({ value }) => value as unknown)),
    });
  return found;
}

/** The whole program: asked twice, answered twice, each time by a saver of its own. */
async function play(
  next: () => Promise<{ readonly saver: BaseCheckpointSaver; close(): Promise<void> }>,
): Promise<{ ran: string[]; history: Shape[] }> {
  const ran: string[] = [];
  const steps: readonly ((graph: ReturnType<typeof tripGraph>) => Promise<unknown>)[] = [
    (graph) => graph.invoke({ goal: "Bern" }, config),
    (graph) => graph.invoke(new Command({ resume: "12" }), config),
    (graph) => graph.invoke(new Command({ resume: { sure: true } }), config),
  ];
  for (const step of steps) {
    const { saver, close } = await next();
    await step(tripGraph(saver, (node) => void ran.push(node)));
    await close();
  }
  const { saver, close } = await next();
  const history = await shapes(saver);
  await close();
  return { ran, history };
}

describe("a LangGraph program with branches, sends, a subgraph and questions", async () => {
  const memory = new MemorySaver();
  const expected = await play(async () => ({ saver: memory, close: async () => {} }));

  test("is one that goes on where it was: each node runs once but the subgraph's question", () => {
    assert.deepEqual(expected.ran.toSorted(), ["book", "choose", "pick", "price Bern", "price Ulm", "search", "trains", "weather"]);
    assert.deepEqual(expected.history[0]?.next, []);
  });

  test("runs as it does on LangGraph's own saver: on memory", async () => {
    await using store = openMemoryStore();
    const found = await play(async () => {
      const saver = await HeddleSaver.open(store);
      return { saver, close: () => saver.close() };
    });

    assert.deepEqual({ ...found, ran: found.ran.toSorted() }, { ...expected, ran: expected.ran.toSorted() });
  });

  for (const { name, make } of places) {
    test(`runs as it does on LangGraph's own saver, the store opened anew each time: on ${name}`, async () => {
      using place = make();
      const found = await play(async () => {
        const saver = await HeddleSaver.open(place.address);
        return { saver, close: () => saver.close() };
      });

      assert.deepEqual({ ...found, ran: found.ran.toSorted() }, { ...expected, ran: expected.ran.toSorted() });
    });
  }
});

describe("time travel", () => {
  test("a thread goes on from an edited state of its past, and its first way stays", async () => {
    await using saver = await HeddleSaver.open("memory:");
    const ran: string[] = [];
    const graph = tripGraph(saver, (node) => void ran.push(node));
    await graph.invoke({ goal: "Bern" }, config);
    await graph.invoke(new Command({ resume: "12" }), config);
    const before = await graph.getState(config);
    ran.length = 0;

    const past = (await Array.fromAsync(graph.getStateHistory(config))).find(({ next }) => next.includes("choose"))!;
    const fork = await graph.updateState(past.config, { notes: ["by boat"], goal: "Ulm" }, "price");
    await graph.invoke(null, fork);

    const now = await graph.getState(config);
    assert.deepEqual(now.next, ["night"], "it asks in its subgraph again");
    assert.deepEqual(ran, ["choose", "search"]);
    assert.deepEqual((now.values as { notes: string[] }).notes.slice(-2), ["by boat", "prices of Bern and Ulm"]);
    assert.deepEqual((await graph.getState(before.config)).values, before.values);
    const forked = await graph.getState(fork);
    assert.equal(forked.parentConfig?.configurable?.["checkpoint_id"], past.config.configurable?.["checkpoint_id"]);
  });

  test("two ways on from one checkpoint keep their own values, though their channels have the same versions", async () => {
    await using saver = await HeddleSaver.open("memory:");
    const graph = tripGraph(saver, () => {});
    await graph.invoke({ goal: "Bern" }, config);
    const { config: past } = await graph.getState(config);

    const one = await graph.updateState(past, { goal: "Genf" });
    const other = await graph.updateState(past, { goal: "Olten" });

    assert.equal(((await graph.getState(one)).values as { goal: string }).goal, "Genf");
    assert.equal(((await graph.getState(other)).values as { goal: string }).goal, "Olten");
    assert.equal(((await graph.getState(past)).values as { goal: string }).goal, "Bern");
  });
});
