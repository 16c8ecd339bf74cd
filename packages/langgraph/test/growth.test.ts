import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Annotation, END, Send, START, StateGraph } from "@langchain/langgraph";
import { SeededRandom } from "@heddle/testing";
import { HeddleSaver } from "@heddle/langgraph";
import { openMemoryStore } from "heddle/internal";

/** In the slow lane, and its sample in CI, as many as the figure in the docs is of. */
const steps = process.env["HEDDLE_SLOW"] === undefined ? 400 : 1_000;

/** So many characters that no two are alike, and that nothing can be made smaller of. */
function noise(random: SeededRandom, length: number): string {
  let text = "";
  while (text.length < length) text += random.id();
  return text.slice(0, length);
}

const Log = Annotation.Root({
  entries: Annotation<string[]>({ reducer: (entries, more) => [...entries, ...more], default: () => [] }),
  count: Annotation<number>({ reducer: (count, more) => count + more, default: () => 0 }),
});

/** One node that adds 1 kB to the state in each step. */
function growing(saver: HeddleSaver, random: SeededRandom) {
  return new StateGraph(Log)
    .addNode("grow", () => ({ entries: [noise(random, 1_024)], count: 1 }))
    .addEdge(START, "grow")
    .addConditionalEdges("grow", ({ count }) => (count < steps ? "grow" : END))
    .compile({ checkpointer: saver });
}

describe("what a thread takes", () => {
  test(`state that grows by 1 kB a step for ${steps} steps takes at most 3 kB a step, and every step of it can be read`, async (context) => {
    await using store = openMemoryStore();
    const thread = { configurable: { thread_id: "growing" } };
    await using saver = await HeddleSaver.open(store);
    await growing(saver, new SeededRandom(1)).invoke({ entries: [] }, { ...thread, recursionLimit: steps + 10 });

    const events = await store.readJournal("langgraph:growing", 0);
    const bytes = events.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    context.diagnostic(`${Math.round(bytes / steps)} bytes of events a step`);
    assert.ok(bytes <= steps * 3_000, `${bytes} bytes of events`);
    await using later = await HeddleSaver.open(store);
    const random = new SeededRandom(1);
    const expected = Array.from({ length: steps }, () => noise(random, 1_024));
    // Not deepEqual: what it would print is a megabyte.
    const isRead = (found: unknown, wanted: readonly string[]): void => assert.ok(isDeepStrictEqual(found, wanted));
    isRead((await later.getTuple(thread))?.checkpoint.channel_values["entries"], expected);
    const middle = await Array.fromAsync(later.list(thread, { filter: { step: steps / 2 } }));
    assert.equal(middle.length, 1);
    isRead(middle[0]?.checkpoint.channel_values["entries"], expected.slice(0, steps / 2));
  });

  test("a large state that is sent on to a hundred tasks is kept once", async (context) => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store);
    const random = new SeededRandom(2);
    const graph = new StateGraph(Log)
      .addNode("fill", () => ({ entries: Array.from({ length: 100 }, () => noise(random, 1_000)) }))
      .addNode("use", (state: { entries: string[]; nth: number }) => ({ count: state.entries.length + state.nth }))
      .addEdge(START, "fill")
      .addConditionalEdges("fill", (state) => Array.from({ length: 100 }, (_, nth) => new Send("use", { ...state, nth })), ["use"])
      .addEdge("use", END)
      .compile({ checkpointer: saver });
    const { count } = await graph.invoke({ entries: [] }, { configurable: { thread_id: "sent" } });

    const bodies = (await store.readJournal("langgraph:sent", 0)).reduce((sum, { body }) => sum + body.length, 0);
    context.diagnostic(`${bodies} characters of events for a state of 100,000 that 100 tasks were sent`);
    assert.equal(count, 100 * 100 + (99 * 100) / 2);
    assert.ok(bodies < 400_000, `${bodies} characters`);
  });
});
