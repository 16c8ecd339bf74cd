import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { append, command, END, ephemeral, fold, graph, hasCode, last, mergeBy, messages, remove, send, START, sum, value } from "heddle";
import { places } from "../engine/engines.ts";
import { settleInOrder } from "./settle-in-order.ts";

for (const { name, make } of places) {
  describe(`a graph on ${name}`, () => {
    test("dashflow 1: three nodes in a row give the composed state, and history tells the nodes in order", async () => {
      const line = graph("line", { text: value("") })
        .node("a", ({ text }) => ({ text: `${text}a` }))
        .node("b", ({ text }) => ({ text: `${text}b` }))
        .node("c", ({ text }) => ({ text: `${text}c` }))
        .edge(START, "a")
        .edge("a", "b")
        .edge("b", "c")
        .edge("c", END);
      using place = make();
      await using engine = await place.open({ workflows: [line] });

      const result = await line.invoke({ text: ">" }, { engine });

      assert.deepEqual(result.state, { text: ">abc" });
      const history = await line.history(engine, result.runId);
      assert.deepEqual(
        history.map(({ nodes, state, next }) => [nodes, state.text, next]),
        [
          [["c"], ">abc", []],
          [["b"], ">ab", ["c"]],
          [["a"], ">a", ["b"]],
          [[], ">", ["a"]],
        ],
      );
    });

    test("dashflow 5: a loop ends when its route turns; one round more than the limit fails, and the state up to then is there", async () => {
      const count = (stepLimit: number) =>
        graph("count", { n: sum() }, { stepLimit })
          .node("up", () => ({ n: 1 }))
          .edge(START, "up")
          .route("up", ({ n }) => (n < 5 ? "again" : END), { again: "up" });
      using place = make();
      const enough = count(5);
      {
        await using engine = await place.open({ workflows: [enough] });
        assert.deepEqual((await enough.invoke({}, { engine })).state, { n: 5 });
      }
      using other = make();
      const short = count(4);
      await using engine = await other.open({ workflows: [short] });
      const run = await engine.start(short, {}, { id: "short" });

      await assert.rejects(run.result(), (error: Error) => hasCode(error, "RUN_FAILED") && hasCode(error.cause, "STEP_LIMIT"));
      assert.deepEqual((await run.state()).channels, { n: 4 });
    });

    test("dashflow 6, 7, 10: branches run beside each other, merge in the graph's order whoever ends first, and what follows runs once after all", async () => {
      for (const order of [
        ["a", "b", "c"],
        ["c", "b", "a"],
        ["b", "c", "a"],
      ]) {
        using place = make();
        const { gate, all } = settleInOrder(order);
        const fan = graph("fan", { seen: append<string>(), joined: sum() })
          .node("a", async () => (await gate("a"), { seen: ["a"] }))
          .node("b", async () => (await gate("b"), { seen: ["b"] }))
          .node("c", async () => (await gate("c"), { seen: ["c"] }))
          .node("own", () => ({ seen: ["own"] }))
          .node("join", ({ seen }) => ({ joined: 1, seen: [`joined ${seen.length}`] }))
          .edge(START, "a")
          .edge(START, "b")
          .edge(START, "c")
          .edge("a", "own")
          .edge("a", "join")
          .edge("b", "join")
          .edge("c", "join");
        await using engine = await place.open({ workflows: [fan] });

        const { state } = await fan.invoke({ seen: ["before"] }, { engine });

        assert.deepEqual(all(), order, "all three were under way at once");
        assert.deepEqual(state, { seen: ["before", "a", "b", "c", "own", "joined 4"], joined: 1 });
      }
    });

    test("dashflow 8: a list from before a fork is not doubled by its branches", async () => {
      const fork = graph("fork", { log: append<string>() })
        .node("left", () => ({ log: ["left"] }))
        .node("right", () => ({ log: ["right"] }))
        .edge(START, "left")
        .edge(START, "right");
      using place = make();
      await using engine = await place.open({ workflows: [fork] });

      assert.deepEqual((await fork.invoke({ log: ["before"] }, { engine })).state.log, ["before", "left", "right"]);
    });

    test("dashflow 9: two branches that set one plain key are a conflict that names both; with a reducer they are combined", async () => {
      const clash = graph("clash", { one: value<string>(), most: fold(Math.max, 0), newest: last<string>() })
        .node("left", () => ({ one: "left", most: 3, newest: "left" }))
        .node("right", () => ({ one: "right", most: 2, newest: "right" }))
        .edge(START, "left")
        .edge(START, "right");
      const merged = graph("merged", { most: fold(Math.max, 0), newest: last<string>() })
        .node("left", () => ({ most: 3, newest: "left" }))
        .node("right", () => ({ most: 2, newest: "right" }))
        .edge(START, "left")
        .edge(START, "right");
      using place = make();
      await using engine = await place.open({ workflows: [clash, merged] });

      await assert.rejects(
        clash.invoke({}, { engine }),
        (error: Error) => hasCode(error.cause, "CHANNEL_CONFLICT") && /"left" and "right"/.test((error.cause as Error).message),
      );
      assert.deepEqual((await merged.invoke({}, { engine })).state, { most: 3, newest: "right" });
    });

    test("dashflow 11: a message with a known id takes the place of the one before, a new one is added, and one is removed by its id", async () => {
      const chat = graph("chat", { messages: messages() })
        .node("answer", () => ({
          messages: [
            { id: "1", role: "user", content: "hello!" },
            { role: "assistant", content: "hi" },
          ],
        }))
        .node("forget", ({ messages: [first] }) => ({ messages: [remove(first?.id ?? "")] }))
        .edge(START, "answer")
        .edge("answer", "forget");
      using place = make();
      await using engine = await place.open({ workflows: [chat] });

      const { state, runId } = await chat.invoke(
        {
          messages: [
            { id: "1", role: "user", content: "hello" },
            { id: "2", role: "user", content: "?" },
          ],
        },
        { engine },
      );

      const afterAnswer = (await chat.history(engine, runId))[1]?.state.messages;
      assert.deepEqual(
        afterAnswer?.map(({ content }) => content),
        ["hello!", "?", "hi"],
      );
      assert.match(afterAnswer?.[2]?.id ?? "", /^[0-9a-f-]{36}$/);
      assert.deepEqual(
        state.messages.map(({ content }) => content),
        ["?", "hi"],
      );
    });

    test("dashflow 12: a hundred items sent to a node are collected in the order of their index; none at all goes on to what waits for them", async () => {
      const map = graph("map", { count: value(0), squares: append<number>(), done: sum() })
        .node("square", (item: number) => ({ squares: [item * item] }))
        .node("join", () => ({ done: 1 }))
        .route(START, ({ count }) => Array.from({ length: count }, (_, index) => send("square", index)), {}, { sends: ["square"] })
        .edge("square", "join");
      using place = make();
      await using engine = await place.open({ workflows: [map] });

      const hundred = await map.invoke({ count: 100 }, { engine });
      assert.deepEqual(
        hundred.state.squares,
        Array.from({ length: 100 }, (_, index) => index * index),
      );
      assert.equal(hundred.state.done, 1);
      assert.deepEqual((await map.invoke({ count: 0 }, { engine })).state, { count: 0, squares: [], done: 1 });
    });

    test("dashflow 13: a subgraph is given what both have and gives what it added; its private keys do not leak", async () => {
      const inner = graph("inner", { log: append<string>(), total: sum(), secret: value<string>() }, { private: ["secret"] })
        .node("work", () => ({ log: ["inner"], total: 2, secret: "hidden" }))
        .edge(START, "work");
      const outer = graph("outer", { log: append<string>(), total: sum(), secret: value("mine") })
        .node("before", () => ({ log: ["before"], total: 1 }))
        .node("child", inner)
        .node("mapped", inner, {
          input: (state) => ({ log: [`from ${state.total}`] }),
          output: (result) => ({ log: [`mapped ${result.log.length}`] }),
        })
        .edge(START, "before")
        .edge("before", "child")
        .edge("child", "mapped");
      using place = make();
      await using engine = await place.open({ workflows: [outer] });

      assert.deepEqual((await outer.invoke({ log: ["start"] }, { engine })).state, {
        log: ["start", "before", "inner", "mapped 2"],
        total: 3,
        secret: "mine",
      });
    });

    test("a parent's private keys are not passed to a subgraph, and not written by it", async () => {
      const seen: unknown[] = [];
      const inner = graph("inner", { draft: value("none"), log: append<string>() })
        .node("work", ({ draft }) => (seen.push(draft), { draft: "inner", log: ["work"] }))
        .edge(START, "work");
      const outer = graph("outer", { draft: value("outer"), log: append<string>() }, { private: ["draft"] })
        .node("child", inner)
        .node("after", ({ draft }) => ({ log: [draft] }))
        .edge(START, "child")
        .edge("child", "after");
      using place = make();
      await using engine = await place.open({ workflows: [outer] });

      assert.deepEqual((await outer.invoke({}, { engine })).state, { log: ["work", "outer"] });
      assert.deepEqual(seen, ["none"]);
    });

    test("a command goes where it says, with its update, and to the parent graph", async () => {
      const inner = graph("inner", { log: append<string>() })
        .node("leave", () => command({ update: { log: ["from inner"] }, goto: "handled", graph: "parent" }))
        .node("never", () => ({ log: ["never"] }))
        .edge(START, "leave")
        .edge("leave", "never");
      const outer = graph("outer", { log: append<string>() })
        .node("first", () => command({ update: { log: ["first"] }, goto: ["child", END] }), { goto: ["child"] })
        .node("child", inner, { goto: ["handled"] })
        .node("handled", () => ({ log: ["handled"] }))
        .edge(START, "first");
      using place = make();
      await using engine = await place.open({ workflows: [outer] });

      assert.deepEqual((await outer.invoke({}, { engine })).state.log, ["first", "from inner", "handled"]);
    });

    test("a join of several nodes waits for all of them, and in a loop for all of them again", async () => {
      const loop = graph("loop", { log: append<string>(), rounds: sum() })
        .node("a", () => ({ log: ["a"] }))
        .node("b", () => ({ log: ["b"] }))
        .node("slow", () => ({ log: ["slow"] }))
        .node("join", () => ({ log: ["join"], rounds: 1 }))
        .edge(START, "a")
        .edge(START, "b")
        .edge("b", "slow")
        .edge(["a", "slow"], "join")
        .route("join", ({ rounds }) => (rounds < 2 ? ["a", "b"] : END), ["a", "b"]);
      using place = make();
      await using engine = await place.open({ workflows: [loop] });

      assert.deepEqual((await loop.invoke({}, { engine })).state.log, ["a", "b", "slow", "join", "a", "b", "slow", "join"]);
    });

    test("a node is given only the keys that it reads; its route sees them all", async () => {
      const some: unknown[] = [];
      const reading = graph("reading", { a: value(1), b: value(2), log: append<string>() })
        .node("some", (state) => void some.push({ ...state }), { reads: ["a", "log"] })
        .node("next", () => ({ log: ["next"] }))
        .edge(START, "some")
        .route("some", ({ b }) => (b === 2 ? "next" : END), ["next"]);
      using place = make();
      await using engine = await place.open({ workflows: [reading] });

      assert.deepEqual((await reading.invoke({}, { engine })).state.log, ["next"]);
      assert.deepEqual(some, [{ a: 1, log: [] }]);
    });

    test("a deferred node waits until nothing else is due", async () => {
      const deferred = graph("deferred", { log: append<string>() })
        .node("short", () => ({ log: ["short"] }))
        .node("long", () => ({ log: ["long"] }))
        .node("longer", () => ({ log: ["longer"] }))
        .node("end", ({ log }) => ({ log: [`end of ${log.length}`] }), { defer: true })
        .edge(START, "short")
        .edge(START, "long")
        .edge("long", "longer")
        .edge("short", "end")
        .edge("longer", "end");
      using place = make();
      await using engine = await place.open({ workflows: [deferred] });

      assert.deepEqual((await deferred.invoke({}, { engine })).state.log, ["short", "long", "longer", "end of 3"]);
    });

    test("falsy values are written and survive; undefined writes nothing; an ephemeral key is gone a round later", async () => {
      const seen: unknown[] = [];
      const falsy = graph("falsy", {
        zero: value(1),
        empty: value("x"),
        no: value(true),
        nothing: value<null | string>("x"),
        kept: value("kept"),
        flash: ephemeral<string>(),
        items: mergeBy<{ name: string; n: number }>("name"),
      })
        .node("write", () => ({
          zero: 0,
          empty: "",
          no: false,
          nothing: null,
          kept: undefined,
          flash: "now",
          items: [{ name: "a", n: 0 }],
        }))
        .node("next", (state) => {
          seen.push(state.flash);
          return {
            items: [
              { name: "b", n: 2 },
              { name: "a", n: 1 },
            ],
          };
        })
        .node("after", (state) => void seen.push(state.flash))
        .edge(START, "write")
        .edge("write", "next")
        .edge("next", "after");
      using place = make();
      await using engine = await place.open({ workflows: [falsy] });

      const { state } = await falsy.invoke({}, { engine });

      assert.deepEqual(state, {
        zero: 0,
        empty: "",
        no: false,
        nothing: null,
        kept: "kept",
        items: [
          { name: "a", n: 1 },
          { name: "b", n: 2 },
        ],
      });
      assert.deepEqual(seen, ["now", undefined]);
    });
  });
}

test("dashflow 2: a missing entry, an unknown target, an unreachable node and a route without a table are told together", () => {
  const bad = graph("bad", { n: sum() }, { output: ["m" as "n"] })
    .node("a", () => undefined)
    .node("lonely", () => undefined)
    .node("a", () => undefined)
    .edge("a", "b" as "a")
    .route("a", () => undefined, {});

  const { faults } = bad.validate();

  assert.deepEqual(faults.map(({ code }) => code).toSorted(), ["key-unknown", "no-entry", "node-duplicate", "node-unknown", "route-empty"]);
  assert.throws(
    () => bad.plan,
    (error: Error) => hasCode(error, "GRAPH_INVALID") && faults.every(({ message }) => error.message.includes(message)),
  );
  const unreachable = graph("far", { n: sum() })
    .node("a", () => undefined)
    .node("b", () => undefined)
    .edge(START, "a");
  assert.deepEqual(
    unreachable.validate().faults.map(({ code, at }) => [code, at]),
    [["node-unreachable", "b"]],
  );
});

test("dashflow 3: a second node of one name is refused, and both are one fault", () => {
  const twice = graph("twice", { n: sum() })
    .node("a", () => undefined)
    .node("a", () => undefined)
    .edge(START, "a");

  assert.deepEqual(
    twice.validate().faults.map(({ code, at }) => [code, at]),
    [["node-duplicate", "a"]],
  );
});

test("dashflow 4: a label that the table lacks fails with the labels that it has, and is not tried again", async () => {
  let ran = 0;
  const lost = graph("lost", { n: sum() })
    .node("a", () => void ran++, { retry: 3 })
    .node("b", () => undefined)
    .edge(START, "a")
    .route("a", () => "zzz" as "yes", { yes: "b", no: END });

  await assert.rejects(
    lost.invoke({}),
    (error: Error) => hasCode(error.cause, "ROUTE_UNKNOWN") && /"zzz".*yes, no, END/.test((error.cause as Error).message),
  );
  assert.equal(ran, 1);
});

test("a node's result that is no update names the node and the key", async () => {
  for (const [result, text] of [
    [{ wrong: 1 }, /node "a".*"wrong".*only n, log/],
    [{ n: "1" }, /"n", and an update of a sum channel is a number/],
    [{ log: "x" }, /"log", and an update of an append channel is a list/],
    [[1], /a list, not an object/],
    ["text", /a string, not an object/],
  ] as const) {
    const misfit = graph("misfit", { n: sum(), log: append<string>() })
      .node("a", () => result as never)
      .edge(START, "a");
    await assert.rejects(
      misfit.invoke({}),
      (error: Error) => hasCode(error.cause, "UPDATE_INVALID") && text.test((error.cause as Error).message),
    );
  }
});

test("what nodes read is frozen, to the last field: it is shared by all that read it", async () => {
  type Log = readonly { readonly n: number }[];
  const changes: readonly ((state: { readonly log: Log }) => void)[] = [
    ({ log }) => void (log as { n: number }[]).push({ n: 2 }),
    ({ log }) => void ((log[0] as { n: number }).n = 2),
    (state) => void ((state as { log: Log }).log = []),
  ];
  for (const change of changes) {
    const frozen = graph("frozen", { log: append<{ readonly n: number }>() })
      .node("a", (state) => change(state))
      .edge(START, "a");
    await assert.rejects(frozen.invoke({ log: [{ n: 1 }] }), (error: Error) => error.cause instanceof TypeError);
  }
});

test("input that does not fit is refused before anything runs", async () => {
  const strict = graph("strict", { question: value<string>(), n: sum(), hidden: value(0) }, { input: ["question"], private: ["hidden"] })
    .node("a", ({ question }) => ({ n: question.length }))
    .edge(START, "a");

  await assert.rejects(strict.invoke({} as never), (error) => hasCode(error, "INPUT_INVALID") && /question/.test((error as Error).message));
  await assert.rejects(
    strict.invoke({ question: "?", hidden: 1 } as never),
    (error) => hasCode(error, "INPUT_INVALID") && /private/.test((error as Error).message),
  );
  assert.deepEqual((await strict.invoke({ question: "why?", n: 1 })).state, { question: "why?", n: 5 });
});

test("a picture shows where a graph ends, and what runs once for each item", async () => {
  const drawn = graph("drawn", { n: sum() })
    .node("plan", () => ({ n: 1 }))
    .node("read", (n: number) => ({ n }))
    .edge(START, "plan")
    .route("plan", ({ n }) => (n > 0 ? send("read", 1) : "none"), { none: END }, { sends: ["read"] })
    .edge("read", END);

  assert.match(await drawn.draw("mermaid"), /n1 -\.->\|"none"\| n\d\n.*n1 -\.->\|"for each"\| n2/s);
  assert.match(await drawn.draw("ascii"), /for each/);
  assert.match(await drawn.draw("dot"), /doublecircle/);
  assert.match(await drawn.draw("svg"), /class="end"/);
  assert.deepEqual(drawn.topologicalSort(), { order: ["plan", "read"], loops: [] });
  assert.equal(drawn.structuralHash().length, 64 / 2);
  assert.deepEqual(
    drawn.manifest().edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`),
    ["__start__ edge plan", "read edge __end__", "plan route __end__", "plan send read"],
  );
});
