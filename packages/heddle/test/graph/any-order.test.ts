import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPlan } from "@heddle/kernel";
import { SeededRandom } from "@heddle/testing";
import { append, END, fold, graph, last, mergeBy, open, send, START, sum, value } from "heddle";

const graphs = 60;
const orders = 4;

test("dashflow 7: what random graphs come to does not depend on who finishes first", async (t) => {
  let parallel = 0;
  for (let seed = 1; seed <= graphs; seed++) {
    const states: unknown[] = [];
    for (let order = 1; order <= orders; order++) {
      const delays = new SeededRandom(seed * 100 + order);
      let running = 0;
      const made = randomGraph(new SeededRandom(seed), async () => {
        running++;
        parallel = Math.max(parallel, running);
        for (let turns = Math.floor(delays.next() * 6); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
        running--;
      });
      checkPlan(made.plan);
      await using engine = await open("memory:", { workflows: [made] });
      const run = await engine.start(made, { items: 3 });
      states.push(
        await run.result().then(
          (state) => state,
          async (error: Error) => [(error.cause as { code?: string }).code, (await run.state()).channels],
        ),
      );
    }
    for (const state of states) assert.deepEqual(state, states[0], `seed ${seed}`);
  }
  t.diagnostic(`${parallel} nodes at once at most`);
  assert.ok(parallel > 3);
});

const state = {
  items: value(0),
  seen: append<string>(),
  total: sum(),
  newest: last<string>(),
  marks: mergeBy<{ id: string; by: string }>("id"),
  chain: fold((held: string, written: string) => `${held}<${written}>`, ""),
};

/** Up to nine nodes with edges forward, joins, routes back that end, items, and updates that tell who wrote them. */
function randomGraph(dice: SeededRandom, delay: () => Promise<void>) {
  const count = 3 + Math.floor(dice.next() * 7);
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  const built = graph("random", state, { stepLimit: 40 }) as ReturnType<typeof shapeOf>;
  for (const name of names) {
    const writes = {
      seen: dice.next() < 0.8,
      total: dice.next() < 0.5,
      newest: dice.next() < 0.3,
      marks: dice.next() < 0.4,
      chain: dice.next() < 0.3,
    };
    built.node(
      name,
      async ({ seen }) => {
        await delay();
        return {
          ...(writes.seen ? { seen: [`${name} after ${seen.length}`] } : null),
          ...(writes.total ? { total: 1 } : null),
          ...(writes.newest ? { newest: name } : null),
          ...(writes.marks ? { marks: [{ id: `m${seen.length % 3}`, by: name }] } : null),
          ...(writes.chain ? { chain: name } : null),
        };
      },
      dice.next() < 0.15 ? { defer: true } : {},
    );
  }
  built.node("item", async (index: number) => {
    await delay();
    return { seen: [`item ${index}`], total: 10 };
  });
  built.edge(START, "n0");
  for (let index = 1; index < count; index++) {
    const before = names.slice(0, index).filter(() => dice.next() < 0.4);
    const from = before.length === 0 ? [names[index - 1] as string] : before;
    if (from.length > 1 && dice.next() < 0.3) built.edge(from, names[index] as string);
    else for (const each of from) built.edge(each, names[index] as string);
  }
  const sender = names[Math.floor(dice.next() * count)] as string;
  built.route(
    sender,
    ({ items, total }) => (total < 30 ? Array.from({ length: items }, (_, index) => send("item", index)) : END),
    {},
    { sends: ["item"] },
  );
  if (dice.next() < 0.5) {
    const back = names[Math.floor(dice.next() * count)] as string;
    built.route(names[count - 1] as string, ({ seen }) => (seen.length < 12 ? "back" : END), { back });
  }
  if (dice.next() < 0.5) built.edge("item", names[count - 1] as string);
  return built;
}

/** Only for its type: nodes of any name. */
function shapeOf() {
  return graph("random", state).node("any" as string, () => undefined);
}
