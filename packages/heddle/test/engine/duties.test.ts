import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import { FakeClock } from "@heddle/testing";
import { workflow, type Engine } from "heddle";
import { type Place, places } from "./engines.ts";

const retentionMs = 30_000;
/** A sweep, when the last one was not long before. */
const sweepMs = 60_000;
const leaseMs = 15_000;
const job = workflow("job", async () => "done");

/** A node that may fall silent: what it then asks its store is not heard. */
class Node implements AsyncDisposable {
  readonly name: string;
  readonly clock: FakeClock;
  /** Sweeps that it asked its store for. */
  sweeps = 0;
  #silent = false;
  #engine: Engine | null = null;

  constructor(name: string, clock: FakeClock) {
    this.name = name;
    this.clock = clock;
  }

  async open(at: Place): Promise<this> {
    const options = { node: this.name, clock: this.clock, leaseMs, workflows: [job], retention: retentionMs };
    this.#engine = await at.open(options, (store) => this.#heard(store));
    return this;
  }

  get engine(): Engine {
    return this.#engine!;
  }

  /** As when it is killed: nobody hears of it any more, and it leaves nothing in order. */
  fallSilent(): void {
    this.#silent = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#silent = false;
    await this.#engine?.close();
  }

  #heard(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...parameters: unknown[]): unknown => {
          if (this.#silent) return new Promise(() => {});
          if (name === "sweep") this.sweeps++;
          return Reflect.apply(value, target, parameters);
        };
      },
    });
  }
}

/** Which nodes have swept since they were asked last. */
function sweepers(nodes: readonly Node[]): readonly string[] {
  const names = nodes.filter(({ sweeps }) => sweeps > 0).map(({ name }) => name);
  for (const node of nodes) node.sweeps = 0;
  return names;
}

const dutiesOf = async (engine: Engine): Promise<Record<string, readonly string[]>> =>
  Object.fromEntries((await engine.nodes()).map(({ name, duties }) => [name, duties]));

for (const { name, make } of places) {
  test(`of three nodes one removes ended runs, and nodes tell which, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    await using a = await new Node("a", clock).open(at);
    await clock.advance(leaseMs);
    await using b = await new Node("b", clock).open(at);
    await using c = await new Node("c", clock).open(at);
    await (await c.engine.start("job", undefined, { id: "r" })).result();
    assert.deepEqual(await dutiesOf(b.engine), { a: ["retention"], b: [], c: [] });
    await clock.advance(retentionMs);
    assert.equal((await b.engine.list()).length, 1);

    await clock.advance(2 * sweepMs);
    assert.deepEqual(await b.engine.list(), []);
    assert.deepEqual(sweepers([a, b, c]), ["a"]);
    assert.deepEqual(await dutiesOf(b.engine), { a: ["retention"], b: [], c: [] });
  });

  test(`when the node that removes ended runs is closed, another does from its next asking on, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    await using a = await new Node("a", clock).open(at);
    await clock.advance(leaseMs);
    await using b = await new Node("b", clock).open(at);
    await using c = await new Node("c", clock).open(at);
    sweepers([a, b, c]);
    await a.engine.close();

    await clock.advance(leaseMs / 3);
    const [next, ...others] = sweepers([a, b, c]);
    assert.ok(next === "b" || next === "c");
    assert.deepEqual(others, []);
    assert.deepEqual(await dutiesOf(b.engine), { a: [], b: [], c: [], [next]: ["retention"] });
    await clock.advance(sweepMs);
    assert.deepEqual(sweepers([a, b, c]), [next]);
  });

  test(`when the node that removes ended runs dies, another does when its lease is over, and keeps it when the dead one is back, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    await using a = await new Node("a", clock).open(at);
    await clock.advance(leaseMs);
    await using b = await new Node("b", clock).open(at);
    sweepers([a, b]);
    a.fallSilent();
    await clock.advance(leaseMs / 2);
    assert.deepEqual(sweepers([a, b]), []);
    await clock.advance(leaseMs);
    assert.deepEqual(sweepers([a, b]), ["b"]);

    await using again = await new Node("a2", clock).open(at);
    await clock.advance(sweepMs);
    assert.deepEqual(sweepers([again, b]), ["b"]);
    assert.deepEqual((await dutiesOf(b.engine))["b"], ["retention"]);
  });

  test(`a node that keeps ended runs for ever takes no part in removing them, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    await using keeps = await at.open({ node: "keeps", clock, workflows: [job] });
    await (await keeps.start("job", undefined, { id: "r" })).result();
    await clock.advance(retentionMs + sweepMs);
    assert.equal((await keeps.list()).length, 1);
    assert.deepEqual(await dutiesOf(keeps), { keeps: [] });

    await using _ = await new Node("removes", clock).open(at);
    await clock.advance(leaseMs);
    assert.deepEqual(await keeps.list(), []);
  });
}
