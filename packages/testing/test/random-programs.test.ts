import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunEvent } from "@heddle/kernel";
import type { Workflow } from "heddle";
import { journalFaults } from "../src/checks/check-journal.ts";
import { SeededRandom } from "../src/clock/seeded-random.ts";
import { programWorkflow, randomProgram, type Program } from "../src/programs/random-program.ts";
import { newRunRow } from "../src/samples/new-run-row.ts";
import { Simulator } from "../src/simulator/simulator.ts";

const count = Number(process.env["HEDDLE_RUNS"] ?? (process.env["HEDDLE_SLOW"] === "1" ? 10_000 : 200));
const firstSeed = Number(process.env["HEDDLE_SEED"] ?? 1);

interface Played {
  readonly journals: readonly (readonly { readonly seq: number; readonly event: RunEvent }[])[];
  readonly ids: readonly string[];
}

/** Run a program to its end: signals come at drawn times, a person cancels at last if it would wait for ever. */
async function play(seed: number, program: Program, killEvery = 0): Promise<Played & { readonly outcome: unknown }> {
  const simulator = new Simulator({ seed });
  const draws = new SeededRandom(seed ^ 0xcafe);
  const definition = programWorkflow(() => undefined) as unknown as Workflow<never, unknown>;
  let node = await simulator.start({ workflows: [definition], hotFrames: killEvery > 0 ? 0 : 100 });
  await node.engine.start("program", program, { id: "p" });
  const signals = Array.from({ length: 6 }, (_, index) => ({
    name: draws.pick(["a", "b", "c"]),
    value: index,
    afterMs: draws.below(4_000),
  })).sort((one, other) => one.afterMs - other.afterMs);
  const begun = simulator.clock.nowMs();
  for (const [index, { name, value, afterMs }] of signals.entries()) {
    await simulator.until(() => simulator.clock.nowMs() >= begun + afterMs, afterMs + 1);
    await simulator.run(node.engine.signal("p", name, value, { id: `s${index}` }).catch(() => {}));
    if (killEvery > 0 && index % killEvery === 0) {
      node.process.kill();
      node = await simulator.start({ workflows: [definition], hotFrames: 0 });
    }
  }
  const ended = await simulator.until(async () => (await simulator.store.get("p"))?.endedAtMs !== null, 60_000);
  if (!ended) {
    await simulator.run(node.engine.cancel("p", "enough"));
    assert.ok(
      await simulator.until(async () => (await simulator.store.get("p"))?.endedAtMs !== null, 60_000),
      `seed ${seed}: a cancelled run ends`,
    );
  }
  await simulator.until(() => false, 100);
  const rows = await simulator.store.list({ limit: 1_000 });
  const ids = rows.map(({ runId }) => runId).sort();
  const journals = await Promise.all(ids.map((id) => simulator.journal(id)));
  const end = (await simulator.journal("p")).at(-1)?.event;
  await node.engine.close({ drainMs: 0 });
  return { ids, journals, outcome: end?.type === "run-ended" ? end.outcome : end };
}

test(`case 56: ${count} random programs end, keep the laws of the journal, and give the same journal for the same seed`, async () => {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const program = randomProgram(new SeededRandom(seed));
    const once = await play(seed, program);
    once.journals.forEach((journal, index) => assert.deepEqual(journalFaults(journal), [], `seed ${seed}, run ${once.ids[index]}`));
    if (seed % 4 === 0) assert.deepEqual(await play(seed, program), once, `seed ${seed} again`);
  }
});

test(`case 56: random programs whose processes die between signals end as their journals say, and no replay finds a mismatch`, async () => {
  for (let seed = firstSeed; seed < firstSeed + count / 2; seed++) {
    const program = randomProgram(new SeededRandom(seed));
    const killed = await play(seed, program, 1);
    killed.journals.forEach((journal, index) => {
      assert.deepEqual(journalFaults(journal), [], `seed ${seed}, run ${killed.ids[index]}`);
      assert.ok(
        !journal.some(({ event }) => event.type === "run-paused"),
        `seed ${seed}, run ${killed.ids[index]}: the code fits its own journal`,
      );
    });
  }
});

test(`case 56: from every prefix of their journals ${Math.ceil(count / 4)} random programs ask for what is recorded, in the same order, and come to an end`, async () => {
  for (let seed = firstSeed; seed < firstSeed + count / 4; seed++) {
    const program = randomProgram(new SeededRandom(seed), { depth: 2, width: 3 });
    const { journals, ids } = await play(seed, program);
    const journal = journals[ids.indexOf("p")] ?? [];
    await assertPrefixes(seed, journal);
  }
});

/**
 * Copy each prefix into a store of its own, let the code be rebuilt from it, and see that it goes on: whatever is recorded must be asked for, each after what
 * came before it, or the run is paused. Then it is cancelled, for it may wait for what never comes: it must not stand still.
 */
async function assertPrefixes(seed: number, journal: readonly { readonly seq: number; readonly event: RunEvent }[]): Promise<void> {
  for (let length = 1; length < journal.length; length++) {
    if (journal[length - 1]?.event.type === "task-ended") continue;
    const simulator = new Simulator({ seed });
    const { creates } = await simulator.store.commit({
      creates: [
        {
          row: newRunRow("p", { workflow: "program", wakeAtMs: simulator.clock.nowMs(), createdAtMs: simulator.clock.nowMs() }),
          events: journal.slice(0, length).map(({ event }) => JSON.stringify(event)),
        },
      ],
    });
    assert.equal(creates[0]?.status, "created");
    const definition = programWorkflow(() => undefined) as unknown as Workflow<never, unknown>;
    const { engine } = await simulator.start({ workflows: [definition], hotFrames: 0 });
    await simulator.until(() => false, 1);
    const where = `seed ${seed}, prefix ${length} of ${journal.length}`;
    await assertNoMismatch(simulator, where);
    const ended = async (): Promise<boolean> => (await simulator.store.get("p"))?.endedAtMs !== null;
    if (!(await simulator.until(ended, 20_000))) {
      const waits = async (): Promise<boolean> => (await simulator.store.get("p"))?.status === "waiting" || (await ended());
      assert.ok(await simulator.until(waits, 20_000), `${where}: it does something or waits for something`);
      if (!(await ended())) await simulator.run(engine.cancel("p"));
    }
    assert.ok(await simulator.until(ended, 60_000), `${where}: it ends`);
    const played = await simulator.journal("p");
    assert.deepEqual(played.slice(0, length), journal.slice(0, length), where);
    assert.deepEqual(journalFaults(played), [], where);
    await engine.close({ drainMs: 0 });
  }
}

async function assertNoMismatch(simulator: Simulator, where: string): Promise<void> {
  const row = await simulator.store.get("p");
  assert.notEqual(row?.status, "paused", `${where}: ${row?.note ?? ""} ${JSON.stringify((await simulator.journal("p")).at(-1)?.event)}`);
}
