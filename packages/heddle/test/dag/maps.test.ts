import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type DagConfig, type DagReport, type NodeMap, type Processor } from "heddle";
import { places, untilEvent } from "../engine/engines.ts";
import { turns } from "./processors-for-tests.ts";

function mapping(name: string, map: NodeMap): DagConfig {
  return {
    name,
    failure_strategy: "continue_on_error",
    processors: [
      { id: "each", processor: "work", map },
      { id: "sum", processor: "sum", depends_on: ["each"] },
    ],
  };
}

const sum: Processor = ({ payload }) => ({ payload: (payload as number[]).reduce((all, each) => all + each, 0) });

for (const place of places) {
  describe(`a map over a collection on ${place.name}`, { concurrency: true }, () => {
    test("calls the processor for each entry, so many at once, and gives their payloads in the order of the entries", async () => {
      using on = place.make();
      let running = 0;
      let peak = 0;
      const work: Processor = async ({ payload }) => {
        peak = Math.max(peak, (running += 1));
        await turns(7 - (payload as number));
        running -= 1;
        return { payload: (payload as number) * 10, metadata: { was: payload } };
      };
      await using engine = await on.open({});
      const run = await engine.start(
        dag({ ...mapping("m", { max_concurrency: 2 }), output: "each" }, { processors: { work, sum } }),
        [1, 2, 3, 4, 5],
      );
      const { payload, metadata, status } = await run.result();

      assert.deepEqual([status, payload], ["completed", [10, 20, 30, 40, 50]]);
      assert.deepEqual(metadata["each"], { entries: { 0: { was: 1 }, 1: { was: 2 }, 2: { was: 3 }, 3: { was: 4 }, 4: { was: 5 } } });
      assert.equal(peak, 2);
      const recorded: string[] = [];
      for await (const event of run.events()) if (event.type === "op-ended") recorded.push(event.key);
      assert.deepEqual(recorded.sort(), ["entry/0", "entry/1", "entry/2", "entry/3", "entry/4"]);
    });

    test("of nothing is nothing; of what is no list it is an error that names the node", async () => {
      using on = place.make();
      await using engine = await on.open({});
      const work: Processor = ({ payload }) => ({ payload });
      const pipeline = dag(mapping("m", {}), { processors: { work, sum } });
      assert.equal((await (await engine.start(pipeline, [])).result()).payload, 0);
      const { outcomes } = await (await engine.start(pipeline, "text")).result();
      assert.equal(outcomes["each"]?.error?.code, "PROCESSOR_INPUT_INVALID");
      assert.match(outcomes["each"]?.error?.message ?? "", /Node "each" maps over its payload, which is no list/);
    });

    test("stops at the first failure, or collects them: what succeeded is kept, and the DAG is partial", async () => {
      using on = place.make();
      const work: Processor = ({ payload }) => {
        if (payload === 2) throw Object.assign(new Error("two"), { code: "E_TWO" });
        return { payload };
      };
      await using engine = await on.open({});
      const stopped = await (await engine.start(dag(mapping("stop", {}), { processors: { work, sum } }), [1, 2, 3])).result();
      assert.equal(stopped.outcomes["each"]?.error?.code, "MAP_FAILED");
      assert.equal(stopped.outcomes["sum"]?.status, "blocked");

      const collected = await (
        await engine.start(dag(mapping("collect", { failure: "collect" }), { processors: { work, sum } }), [1, 2, 3])
      ).result();
      assert.deepEqual(
        [collected.status, collected.payload, collected.outcomes["each"]],
        ["partial", 4, { status: "completed", partial: true }],
      );
      assert.deepEqual(collected.metadata["each"], { failed: [{ index: 1, message: "two", code: "E_TWO" }] });
    });

    test("goes on after its process died with the entries that are not done", async () => {
      using on = place.make();
      const ran: number[] = [];
      const make = (hangs: boolean) => {
        const work: Processor = ({ payload }) => {
          if (hangs && payload === 3) return new Promise(() => {});
          ran.push(payload as number);
          return { payload };
        };
        return dag(mapping("m", { max_concurrency: 1 }), { processors: { work, sum } });
      };
      {
        const hanging = make(true);
        await using engine = await on.open({ workflows: [hanging], drainMs: 0 });
        await engine.start(hanging, [1, 2, 3, 4], { id: "r" });
        await untilEvent(engine, "r", (event) => event.type === "op-ended" && event.key === "entry/1");
      }
      await using engine = await on.open({ workflows: [make(false)] });
      assert.equal((await (await engine.get<DagReport>("r")).result()).payload, 10);
      assert.deepEqual(ran, [1, 2, 3, 4]);
    });
  });
}
