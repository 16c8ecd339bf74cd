import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type DagConfig, type DagNode, type DagReport, type Processor } from "heddle";
import { places, untilEvent } from "../engine/engines.ts";
import { strategies } from "./processors-for-tests.ts";

const mark: Processor = ({ payload, options: { mark: own } }) => ({ payload: `${String(payload)}${(own as string | undefined) ?? ""}` });

/** A node that adds others. */
function adding(add: readonly DagNode[] | ((payload: unknown) => readonly DagNode[])): Processor {
  return ({ payload }) => ({ payload, add: typeof add === "function" ? add(payload) : add });
}

const base: DagConfig = {
  processors: [
    { id: "in", processor: "mark", options: { mark: "i" } },
    { id: "split", processor: "split", depends_on: ["in"] },
    { id: "other", processor: "mark", intent: "analyze", depends_on: ["in"] },
  ],
};

function worker(id: string, depends_on: readonly string[] = ["split"], more: Partial<DagNode> = {}): DagNode {
  return { id, processor: "mark", options: { mark: id }, depends_on, ...more };
}

const fan = ["a", "b", "c"].map((id) => worker(id));
const join: DagNode = { id: "join", processor: "mark", depends_on: ["c", "a", "b"], merge: { type: "concatenate", separator: "+" } };

for (const place of places) {
  describe(`nodes that a node adds, on ${place.name}`, { concurrency: true }, () => {
    for (const strategy of strategies) {
      test(`run after what they depend on, get payloads by ancestry, and give the run's payload, under ${strategy}`, async () => {
        using on = place.make();
        const pipeline = dag({ ...base, strategy }, { processors: { mark, split: adding([...fan, join]) } });
        await using engine = await on.open({ workflows: [pipeline] });
        const run = await engine.start(pipeline, "");
        const { status, payload, outcomes } = await run.result();

        assert.equal(status, "completed");
        assert.deepEqual(payload, { other: "i", join: "ic+ia+ib" });
        assert.deepEqual(Object.keys(outcomes).sort(), ["a", "b", "c", "in", "join", "other", "split"]);
        assert.deepEqual((await pipeline.report(engine, run.id)).outcomes, outcomes);
      });
    }

    test("may add others in turn, which depend on nodes of the DAG and on each other", async () => {
      using on = place.make();
      const chain: Processor = ({ payload, options: { left } }) => ({
        payload: `${String(payload)}${left as number}`,
        ...((left as number) > 0
          ? { add: [{ id: `n${(left as number) - 1}`, processor: "chain", options: { left: (left as number) - 1 }, depends_on: ["in"] }] }
          : null),
      });
      const config: DagConfig = {
        processors: [
          { id: "in", processor: "mark", options: { mark: "i" } },
          { id: "n3", processor: "chain", options: { left: 3 }, depends_on: ["in"] },
        ],
      };
      const pipeline = dag(config, { processors: { mark, chain } });
      await using engine = await on.open({ workflows: [pipeline] });

      assert.deepEqual((await (await engine.start(pipeline, "")).result()).payload, { n0: "i0", n1: "i1", n2: "i2", n3: "i3" });
    });

    test("that would make a cycle, conflict, name nothing or take an id are refused with every fault, and the node fails", async () => {
      using on = place.make();
      await using engine = await on.open({});
      let names = 0;
      const told = async (add: unknown): Promise<string> => {
        const config: DagConfig = { ...base, name: `refused-${++names}`, failure_strategy: "continue_on_error" };
        const other = dag(config, { processors: { mark, split: adding(add as DagNode[]) } });
        const { outcomes } = await (await engine.start(other, "")).result();
        assert.equal(outcomes["split"]?.status, "failed");
        return `${outcomes["split"]?.error?.code}: ${outcomes["split"]?.error?.message}`;
      };
      assert.match(
        await told([worker("a", ["b"]), worker("b", ["a"])]),
        /DAG_INVALID: What node "split" adds has .*wait for one another: a → b → a/s,
      );
      assert.match(await told([worker("a", ["a"])]), /a → a/);
      assert.match(await told([worker("a"), worker("b"), worker("c", ["a", "b"])]), /payloads of "a" and "b"/);
      assert.match(await told([worker("a", ["nothing"])]), /depends on "nothing", which is not there/);
      assert.match(await told([worker("in", [])]), /The DAG has a node "in" already/);
      assert.match(await told([worker("a", ["split"], { pool: "x" })]), /A node that is added has no pool/);
      assert.match(await told([{ id: "a", processor: "nope", depends_on: [] }]), /names the processor "nope"/);
      assert.match(await told("all"), /What it adds is no list/);
    });

    test("are bounded by limits.nodes", async () => {
      using on = place.make();
      const many = (count: number) => Array.from({ length: count }, (_, index) => worker(`w${index}`));
      const run = async (name: string, count: number): Promise<DagReport> => {
        const config: DagConfig = { ...base, name, failure_strategy: "continue_on_error", limits: { nodes: 10 } };
        return await (await engine.start(dag(config, { processors: { mark, split: adding(many(count)) } }), "")).result();
      };
      await using engine = await on.open({});
      assert.equal(Object.keys((await run("fits", 7)).outcomes).length, 10);
      const { outcomes } = await run("over", 8);
      assert.equal(outcomes["split"]?.error?.code, "PLAN_INVALID");
      assert.equal(outcomes["w0"], undefined);
    });

    test("with conditions, and after nodes with conditions, run only if these hold", async () => {
      using on = place.make();
      const config: DagConfig = {
        processors: [
          { id: "no", processor: "mark", condition: { path: "payload", equals: "never" } },
          { id: "yes", processor: "mark", condition: { path: "payload", equals: "" } },
          { id: "split", processor: "split", intent: "analyze" },
        ],
      };
      const add = [
        worker("afterNo", ["no"]),
        worker("afterYes", ["yes"]),
        worker("guard", ["split"], { condition: { path: "payload", equals: "never" } }),
        worker("afterGuard", ["guard"]),
        worker("lone", ["split"], { condition: { path: "payload", equals: "" } }),
      ];
      const pipeline = dag(config, { processors: { mark, split: adding(add) } });
      await using engine = await on.open({ workflows: [pipeline] });
      const { outcomes } = await (await engine.start(pipeline, "")).result();

      assert.deepEqual(Object.fromEntries(Object.entries(outcomes).map(([id, { status }]) => [id, status])), {
        no: "skipped",
        yes: "completed",
        split: "completed",
        afterNo: "skipped",
        afterYes: "completed",
        guard: "skipped",
        afterGuard: "skipped",
        lone: "completed",
      });
    });

    test("are there again after the process died, and none of them runs twice", async () => {
      using on = place.make();
      const ran: string[] = [];
      const make = (hangs: boolean) => {
        const work: Processor = ({ payload, options: { mark: own } }) => {
          if (hangs && own === "b") return new Promise(() => {});
          ran.push(own as string);
          return { payload: `${String(payload)}${own as string}` };
        };
        const add = [worker("a"), worker("b", ["a"]), worker("c", ["b"])];
        return dag({ ...base, name: "grown" }, { processors: { mark: work, split: adding(add) } });
      };
      {
        const hanging = make(true);
        await using engine = await on.open({ workflows: [hanging], drainMs: 0 });
        await engine.start(hanging, "", { id: "r" });
        await untilEvent(engine, "r", (event) => event.type === "task-ended" && (event as { task?: string }).task === "a");
      }
      await using engine = await on.open({ workflows: [make(false)] });
      assert.deepEqual((await (await engine.get<DagReport>("r")).result()).payload, { other: "i", c: "iabc" });
      assert.deepEqual(
        ran.filter((own) => own === "a"),
        ["a"],
      );
    });
  });
}
