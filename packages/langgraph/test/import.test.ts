import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { AIMessage, type BaseMessage, HumanMessage, RemoveMessage } from "@langchain/core/messages";
import {
  Annotation,
  Command,
  END,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  Overwrite,
  Send,
  START,
  StateGraph,
  UntrackedValueChannel,
} from "@langchain/langgraph";
import { AnyValue, type BaseChannel, BinaryOperatorAggregate, EphemeralValue, LastValue, Topic } from "@langchain/langgraph/channels";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { importGraph } from "@heddle/langgraph";
import { open } from "heddle";
import { tripGraph } from "./trip-graph.ts";

const list = () => Annotation<string[]>({ reducer: (held, more) => [...held, ...more], default: () => [] });

/** The imported graph, of which everything could be carried over. */
function whole(compiled: unknown) {
  const { graph, problems } = importGraph(compiled);
  assert.deepEqual(problems, []);
  assert.ok(graph !== null);
  return graph;
}

/** Both run on the same input; what they give must be the same. */
async function same(
  compiled: { invoke(input: Record<string, unknown>): Promise<unknown> },
  input: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { status, state } = await whole(compiled).invoke(input);
  assert.equal(status, "completed");
  assert.deepEqual(state, await compiled.invoke(input));
  return state;
}

describe("an imported LangGraph graph", () => {
  test("gives what LangGraph gives: parallel branches, in the order of their names, and a waiting edge in a loop", async () => {
    const State = Annotation.Root({ seen: list(), round: Annotation<number>({ reducer: (held, more) => held + more, default: () => 0 }) });
    const node = (name: string) => () => ({ seen: [name] });
    const compiled = new StateGraph(State)
      .addNode("begin", () => ({ seen: ["begin"], round: 1 }))
      .addNode("b", node("b"))
      .addNode("a", node("a"))
      .addNode("long", node("long"))
      .addNode("join", node("join"))
      .addEdge(START, "begin")
      .addEdge("begin", "b")
      .addEdge("begin", "a")
      .addEdge("a", "long")
      .addEdge(["long", "b"], "join")
      .addConditionalEdges("join", ({ round }) => (round < 3 ? "again" : "done"), { again: "begin", done: END })
      .compile();

    const { seen } = await same(compiled, { seen: ["input"] });

    assert.deepEqual((seen as string[]).slice(0, 6), ["input", "begin", "a", "b", "long", "join"]);
  });

  test("gives what LangGraph gives: sends, none of them, falsy values, keys that only nodes see, an overwritten list", async () => {
    const State = Annotation.Root({
      words: Annotation<string[]>,
      lengths: Annotation<number[]>({ reducer: (held, more) => [...held, ...more], default: () => [] }),
      flag: Annotation<boolean>,
      total: Annotation<number | null>,
    });
    const compiled = new StateGraph(State)
      .addNode("split", ({ words }) => ({ words: words.slice(1), flag: false }))
      .addNode("measure", async ({ word }: { word: string }) => ({ lengths: [word.length] }))
      .addNode("add", ({ lengths, flag }) => ({ total: flag ? null : lengths.reduce((sum, each) => sum + each, 0) }))
      .addEdge(START, "split")
      .addConditionalEdges("split", ({ words }) => words.map((word) => new Send("measure", { word })), ["measure"])
      .addEdge("measure", "add")
      .compile();

    const { lengths, total } = await same(compiled, { words: ["", "a", "bcd", ""] });
    assert.deepEqual([lengths, total], [[1, 3, 0], 4]);
    assert.equal("total" in (await same(compiled, { words: ["x"] })), false, "nothing was sent, and nothing went on");
  });

  test("goes where its commands say, also to what its node was declared to lead to, and sends by command", async () => {
    const State = Annotation.Root({ seen: list() });
    const compiled = new StateGraph(State)
      .addNode("begin", () => new Command({ update: { seen: ["begin"] }, goto: ["left", new Send("item", { nth: 7 })] }), {
        ends: ["left", "right", "item"],
      })
      .addNode("left", () => ({ seen: ["left"] }))
      .addNode("right", () => ({ seen: ["right"] }))
      .addNode("item", async ({ nth }: { nth: number }) => ({ seen: [`item ${nth}`] }))
      .addEdge(START, "begin")
      .compile();

    // What was sent is merged by the name of its node too; LangGraph merges it after all others.
    const { state } = await whole(compiled).invoke({ seen: [] });
    assert.deepEqual(state["seen"], ["begin", "item 7", "left"]);
    assert.deepEqual((await compiled.invoke({ seen: [] })).seen.toSorted(), ["begin", "item 7", "left"]);
  });

  test("keeps LangChain's messages: nodes are given them, and write, replace and remove them", async () => {
    const seen: unknown[] = [];
    const compiled = new StateGraph(MessagesAnnotation)
      .addNode("first", ({ messages }) => {
        seen.push(messages.map((message) => [message instanceof HumanMessage, message.content]));
        return { messages: [new AIMessage({ id: "draft", content: "draft" }), { role: "user", content: "go on" }] };
      })
      .addNode("second", ({ messages }) => {
        seen.push(messages.map((message: BaseMessage) => [message.getType(), message.content, (message as AIMessage).tool_calls]));
        return {
          messages: [
            new AIMessage({ id: "draft", content: "final", tool_calls: [{ id: "1", name: "look", args: { at: "it" } }] }),
            new RemoveMessage({ id: messages[2]!.id! }),
          ],
        };
      })
      .addNode("third", ({ messages }) => {
        seen.push((messages[1] as AIMessage).tool_calls);
        return {};
      })
      .addEdge(START, "first")
      .addEdge("first", "second")
      .addEdge("second", "third")
      .compile();

    const { state } = await whole(compiled).invoke({ messages: [{ role: "user", content: "hello" }] });

    assert.deepEqual(
      (state["messages"] as { role: string; content: string }[]).map(({ role, content }) => [role, content]),
      [
        ["user", "hello"],
        ["ai", "final"],
      ],
    );
    assert.deepEqual(seen, [
      [[true, "hello"]],
      [
        ["human", "hello", undefined],
        ["ai", "draft", []],
        ["human", "go on", undefined],
      ],
      [{ id: "1", name: "look", args: { at: "it" } }],
    ]);
  });

  test("what is sent is given as it was sent, LangChain's messages in it too, whatever the state has under its names", async () => {
    const given: unknown[] = [];
    const compiled = new StateGraph(MessagesAnnotation)
      .addNode("note", (sent: { messages: unknown }) => {
        given.push(sent.messages instanceof AIMessage ? sent.messages.content : sent.messages);
        return {};
      })
      .addConditionalEdges(START, () => [new Send("note", { messages: "a text" }), new Send("note", { messages: new AIMessage("hi") })], [
        "note",
      ])
      .compile();

    await whole(compiled).invoke({});

    assert.deepEqual(given, ["a text", "hi"]);
  });

  test("asks where its nodes interrupt, in subgraphs too, and goes on with the answers after its engine is gone", async () => {
    const inner = new StateGraph(Annotation.Root({ city: Annotation<string>, notes: list() }))
      .addNode("pick", ({ city }) => ({ notes: [`room ${String(interrupt(`Which room in ${city}?`))}`] }))
      .addEdge(START, "pick")
      .compile();
    let runs = 0;
    const compiled = new StateGraph(Annotation.Root({ city: Annotation<string>, notes: list() }))
      .addNode("visit", inner)
      .addNode("book", () => {
        runs++;
        const first: string = interrupt({ ask: "who" });
        const second: string = interrupt("how many");
        return { notes: [`${first} ${second}`] };
      })
      .addEdge(START, "visit")
      .addEdge("visit", "book")
      .compile({ checkpointer: new MemorySaver() });
    const graph = whole(compiled);
    const folder = mkdtempSync(join(tmpdir(), "heddle-import-"));
    const prompts: unknown[] = [];
    const invoke = async (answers: readonly unknown[]): Promise<unknown> => {
      for (const value of answers) {
        await using engine = await open(`sqlite:${join(folder, "heddle.db")}`, { workflows: [graph] });
        const result = await graph.invoke({ city: "Bern", notes: ["begin"] }, { engine, id: "visit-1" });
        assert.ok(result.status === "waiting");
        const [question] = result.questions;
        const { prompt, details } = question!.question as { prompt: string; details?: unknown };
        prompts.push(details === undefined ? prompt : details);
        await engine.answer(question!.runId, question!.id, { value });
      }
      await using engine = await open(`sqlite:${join(folder, "heddle.db")}`, { workflows: [graph] });
      return (await graph.invoke({ city: "Bern", notes: ["begin"] }, { engine, id: "visit-1" })).state;
    };
    const state = await invoke(["12", "Ada", "two"]);
    rmSync(folder, { recursive: true });

    assert.deepEqual(prompts, ["Which room in Bern?", { ask: "who" }, "how many"]);
    // What the subgraph gives is the whole list, as in LangGraph, and is folded into the list outside.
    assert.deepEqual(state, { city: "Bern", notes: ["begin", "begin", "room 12", "Ada two"] });
    assert.ok(runs >= 3);
  });

  test("stops before and after nodes, defers, limits its steps, and tries again as its policies say", async () => {
    let tries = 0;
    const compiled = new StateGraph(Annotation.Root({ seen: list() }))
      .addNode(
        "shaky",
        () => {
          if (++tries < 3) throw new Error("not yet");
          return { seen: ["shaky"] };
        },
        { retryPolicy: { maxAttempts: 3, initialInterval: 1 } },
      )
      .addNode("late", () => ({ seen: ["late"] }), { defer: true })
      .addNode("on", () => ({ seen: ["on"] }))
      .addEdge(START, "shaky")
      .addEdge(START, "late")
      .addEdge("shaky", "on")
      .compile({ interruptAfter: ["late"], interruptBefore: ["on"], checkpointer: new MemorySaver() })
      .withConfig({ recursionLimit: 7 });

    const graph = whole(compiled);
    const { shape, plan } = graph;

    assert.deepEqual([shape.interruptBefore, shape.interruptAfter, shape.stepLimit], [["on"], ["late"], 7]);
    assert.deepEqual(plan.tasks["shaky"]?.policy?.retry, { attempts: 3, initialMs: 2, factor: 2, maxMs: 128_000, jitter: "none" });
    assert.deepEqual(
      plan.tasks["late"]?.when.map((trigger) => "idle" in trigger),
      [true],
    );
  });

  test("an error that its policy does not try again ends the run at once", async () => {
    let tries = 0;
    const failing = (error: Error, retryOn?: (error: Error) => boolean) =>
      importGraph(
        new StateGraph(Annotation.Root({ seen: list() }))
          .addNode(
            "fail",
            () => {
              tries++;
              throw error;
            },
            { retryPolicy: { maxAttempts: 3, initialInterval: 1, ...(retryOn === undefined ? {} : { retryOn }) } },
          )
          .addEdge(START, "fail")
          .compile(),
      ).graph!;

    for (const [error, retryOn, expected] of [
      [new Error("again"), undefined, 3],
      [Object.assign(new Error("no"), { status: 404 }), undefined, 1],
      [new Error("no"), () => false, 1],
    ] as const) {
      tries = 0;
      await assert.rejects(failing(error, retryOn).invoke({}), { code: "RUN_FAILED" });
      assert.equal(tries, expected);
    }
  });

  test("keeps results where it was compiled with a cache", async () => {
    let runs = 0;
    const compiled = new StateGraph(Annotation.Root({ word: Annotation<string>, seen: list() }))
      .addNode(
        "slow",
        ({ word }) => {
          runs++;
          return { seen: [word] };
        },
        { cachePolicy: { ttl: 60 } },
      )
      .addEdge(START, "slow")
      .compile({ cache: new InMemoryCache() });

    const { graph, problems } = importGraph(compiled);
    await graph!.invoke({ word: "a" });
    await graph!.invoke({ word: "a" });

    assert.equal(runs, 1);
    assert.deepEqual(
      problems.map(({ of, name }) => [of, name]),
      [["graph", "cache"]],
    );
  });
});

describe("kinds of state keys", () => {
  /** A graph of one node and one key, which is such a channel. */
  const withChannel = (channel: BaseChannel, update: unknown): { invoke(input: object): Promise<unknown> } =>
    new StateGraph(Annotation.Root({ key: channel as never }))
      .addNode("write" as never, (() => ({ key: update })) as never)
      .addEdge(START, "write" as never)
      .compile();

  for (const [what, channel, update, held] of [
    ["any value", new AnyValue<number>(), 0, 0],
    ["a topic that gathers", new Topic<string>({ accumulate: true }), ["a", "b"], ["a", "b"]],
    [
      "a reducer",
      new BinaryOperatorAggregate<number>(
        (one, other) => one * other,
        () => 3,
      ),
      4,
      12,
    ],
    ["a reducer without a beginning", new BinaryOperatorAggregate<number>((one, other) => one * other), 4, 4],
    [
      "what replaces a reducer's value",
      new BinaryOperatorAggregate<number>(
        (one, other) => one * other,
        () => 3,
      ),
      new Overwrite(5),
      5,
    ],
    ["a last value", new LastValue<null>(), null, null],
  ] as const)
    test(`${what} is carried over`, async () => {
      const compiled = withChannel(channel, update);
      const { state } = await whole(compiled).invoke({});
      assert.deepEqual(state["key"], held);
    });

  test("a value of one step is gone after it", async () => {
    const { state } = await whole(withChannel(new EphemeralValue<number>(), 1)).invoke({});
    assert.equal(state["key"], 1);
  });

  for (const [what, channel, reason] of [
    ["a topic of one step", new Topic<string>(), /emptied/],
    ["a topic of unique values", new Topic<string>({ accumulate: true, unique: true }), /unique/],
    ["a value of one step with several writers", new EphemeralValue<number>(false), /conflict/],
    ["an untracked value", new UntrackedValueChannel<number>(), /UntrackedValue/],
  ] as const)
    test(`${what} is not, which is told`, () => {
      const { graph, problems } = importGraph(withChannel(channel, 1));
      assert.equal(graph, null);
      assert.deepEqual(
        problems.map(({ of, name }) => [of, name]),
        [["channel", "key"]],
      );
      assert.match(problems[0]!.reason, reason);
    });

  test("two nodes that write a last value in one step are a conflict here too", async () => {
    const State = Annotation.Root({ key: Annotation<number> });
    const compiled = new StateGraph(State)
      .addNode("a", () => ({ key: 1 }))
      .addNode("b", () => ({ key: 2 }))
      .addEdge(START, "a")
      .addEdge(START, "b")
      .compile();
    await assert.rejects(compiled.invoke({}), /LastValue can only receive one value/);
    await assert.rejects(whole(compiled).invoke({}), (error: { cause?: { code?: string } }) => error.cause?.code === "CHANNEL_CONFLICT");
  });
});

describe("what cannot be imported", () => {
  test("is told with its place and reason, and no graph is given where it would be another one", () => {
    const { graph, problems } = importGraph(
      new StateGraph(Annotation.Root({ seen: list() }))
        .addNode("a", () => ({}), { metadata: { owner: "me" }, retryPolicy: { jitter: true } })
        .addEdge(START, "a")
        .compile(),
    );
    const told = (reason: string): object => ({ path: [], of: "node", name: "a", reason });
    assert.notEqual(graph, null);
    assert.deepEqual(problems, [
      told("its metadata is not carried over"),
      told("the jitter of its retryPolicy is not carried over: waits are as long as the policy says"),
    ]);

    for (const nothing of [null, {}, () => {}, { builder: {} }, new MemorySaver()])
      assert.deepEqual(
        importGraph(nothing).problems.map(({ of, reason }) => [of, /compile\(\)/.test(reason)]),
        [["graph", true]],
      );
  });

  test("inside a subgraph names the way there, and takes the graph around it along", () => {
    const inner = new StateGraph(Annotation.Root({ word: Annotation<string> }))
      .addNode("a b", () => ({}))
      .addEdge(START, "a b")
      .compile();
    const outer = new StateGraph(Annotation.Root({ word: Annotation<string> })).addNode("sub", inner).addEdge(START, "sub").compile();

    const { graph, problems } = importGraph(outer, { name: "outer" });

    assert.equal(graph, null);
    assert.deepEqual(
      problems.map(({ path, name }) => [path, name]),
      [
        [["sub"], "a b"],
        [[], "sub"],
      ],
    );
  });

  test("a path map's unknown answer is an error that lists its labels", async () => {
    const compiled = new StateGraph(Annotation.Root({ word: Annotation<string> }))
      .addNode("a", () => ({}))
      .addConditionalEdges(START, ({ word }) => word, { here: "a", there: END })
      .compile();
    await assert.rejects(whole(compiled).invoke({ word: "elsewhere" }), /here, there/);
  });

  test("a branch that may leave out what a waiting edge needs is told", () => {
    const compiled = new StateGraph(Annotation.Root({ seen: list() }))
      .addNode("a", () => ({}))
      .addNode("b", () => ({}))
      .addNode("join", () => ({}))
      .addConditionalEdges(START, () => ["a", "b"], ["a", "b"])
      .addEdge(["a", "b"], "join")
      .compile();
    assert.deepEqual(
      importGraph(compiled).problems.map(({ of, name }) => [of, name]),
      [
        ["edge", "a + b → join"],
        ["edge", "a + b → join"],
      ],
    );
  });
});

test("a whole program is imported, and is one graph of ours", () => {
  const { graph, problems } = importGraph(
    tripGraph(new MemorySaver(), () => {}),
    { name: "trip" },
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    graph?.shape.nodes.map(({ name }) => name),
    ["book", "choose", "night", "price", "trains", "weather"],
  );
  assert.match(graph?.structuralHash() ?? "", /^[0-9a-f]{32}$/);
});
