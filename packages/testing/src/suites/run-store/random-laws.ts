import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ageingMs,
  placementText,
  type CommitBatch,
  type NewMessage,
  type NewRun,
  type RunPart,
  type RunStatus,
  type RunStore,
} from "@heddle/kernel";
import { RunStoreModel } from "./run-store-model.ts";
import { message, newRun, startMs } from "./sample.ts";

const nodes = ["node-a", "node-b", "node-c"];
const runIds = Array.from({ length: 9 }, (_, index) => `run-${index}`);
const placements = [
  undefined,
  undefined,
  { gpus: 1 },
  { gpus: { max: 1 }, maxPerNode: 2 },
  { nodes: { prefer: ["node-b"] } },
  { nodes: { forbid: ["node-a"], prefer: ["node-c"] }, maxPerNode: 1 },
];
const rates = [
  { rateKey: "r", rateMax: 1, ratePeriodMs: 100 },
  { rateKey: "s", rateMax: 3, ratePeriodMs: 250 },
];
const parked = ["queued", "waiting", "paused"] as const;
const released = [...parked, "waiting", "waiting", "completed", "failed"] as const;

/** Draws of one seed: the same seed gives the same operations. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

/** One store and the model beside it, through the same random operations. */
class Pair {
  readonly #store: RunStore;
  readonly #draw: Draw;
  readonly #model = new RunStoreModel();
  readonly #tenants: readonly (string | null)[];
  #nowMs = startMs;
  #texts = 0;

  constructor(store: RunStore, draw: Draw) {
    this.#store = store;
    this.#draw = draw;
    this.#tenants = draw.of([[null], [null, "a", "b"], ["a", "b", "c"]]);
  }

  async step(): Promise<void> {
    const draw = this.#draw;
    const nowMs = (this.#nowMs += 1 + draw.below(20));
    const node = draw.of(nodes);
    const choice = draw.below(20);
    if (choice < 11) {
      const batch = this.#batch();
      assert.deepEqual(await this.#store.commit(batch), this.#model.commit(batch));
    } else if (choice < 15) {
      const limit = draw.below(5);
      const workflows = draw.once(3) ? draw.some(2, () => draw.of(["one", "two", "two@1"])) : undefined;
      const queues = draw.once(3) ? draw.some(2, () => draw.of(["default", "gpu"])) : undefined;
      const capabilities = { gpus: draw.below(3) };
      const options = {
        node,
        limit,
        nowMs,
        capabilities,
        ...(workflows !== undefined && { workflows }),
        ...(queues !== undefined && { queues }),
      };
      const wakeAtMs = await this.#store.nextWakeMs(options);
      await this.#follow();
      const taken = await this.#store.claim(options);
      this.#model.claim(options, taken);
      if (taken.length > 0) assert.ok(wakeAtMs !== null && wakeAtMs <= nowMs, "what was taken was announced");
      const later = await this.#store.nextWakeMs(options);
      await this.#follow();
      if (taken.length < limit && !this.#model.isDead(node)) assert.ok(later === null || later > nowMs, "what is announced could be taken");
    } else if (choice === 15) {
      assert.equal(await this.#store.heartbeat(node, nowMs + 200, nowMs), this.#model.heartbeat(node, nowMs + 200, nowMs));
    } else if (choice === 16) {
      if (draw.once(3)) {
        await this.#store.leave(node, nowMs);
        this.#model.leave(node, nowMs);
      } else assert.equal(await this.#store.reapDeadNodes(nowMs), this.#model.reapDeadNodes(nowMs));
    } else if (choice === 17) {
      const from = draw.some(4, () => draw.of<RunStatus>(["queued", "waiting", "paused", "failed", "completed", "running"]));
      const change = [
        draw.of(runIds),
        from,
        draw.of(parked),
        draw.once(2) ? null : nowMs + draw.below(50),
        draw.once(2) ? null : "note",
      ] as const;
      assert.equal(await this.#store.setStatus(...change), this.#model.setStatus(...change));
    } else if (choice === 18) {
      const runId = draw.of(runIds);
      const throughSeq = draw.below(30);
      await this.#store.compact(runId, throughSeq);
      this.#model.compact(runId, throughSeq);
    } else if (draw.once(2)) {
      const runId = draw.of(runIds);
      assert.equal(await this.#store.delete(runId), this.#model.delete(runId));
    } else {
      const limit = draw.below(4);
      assert.equal(await this.#store.sweep(nowMs - 50, limit), this.#model.sweep(nowMs - 50, limit));
    }
  }

  /** Whoever asks for what is due may set wake times of runs that wait for their rate. */
  async #follow(): Promise<void> {
    for (const runId of runIds) {
      const row = await this.#store.get(runId);
      if (row !== null) this.#model.follow(row, this.#nowMs);
    }
  }

  async compare(): Promise<void> {
    for (const runId of runIds) {
      const run = this.#model.runs.get(runId);
      assert.deepEqual(await this.#store.get(runId), run?.row ?? null);
      assert.deepEqual(await this.#store.readJournal(runId, 0), run === undefined ? [] : this.#model.events(run));
      assert.deepEqual(await this.#store.readLast(runId, 3), run === undefined ? [] : this.#model.events(run).slice(-3));
      assert.deepEqual(await this.#store.readMail(runId), run?.mail ?? []);
      assert.deepEqual(await this.#store.readSnapshot(runId), run?.snapshot ?? null);
    }
    const ids = [...this.#model.runs.keys()].toReversed();
    assert.deepEqual(
      (await this.#store.list({})).map((row) => row.runId),
      ids,
    );
    const owned = [...this.#model.runs.values()].filter(({ row }) => row.owner === "node-a" && row.mailSeq > row.mailSeen);
    assert.deepEqual((await this.#store.ownedWithMail("node-a")).toSorted(), owned.map(({ row }) => row.runId).toSorted());
  }

  #batch(): CommitBatch {
    const draw = this.#draw;
    const batch: { creates?: NewRun[]; parts?: RunPart[]; messages?: NewMessage[] } = {};
    if (draw.once(3)) batch.creates = draw.some(3, () => this.#newRun());
    if (!draw.once(4)) batch.parts = draw.some(4, () => this.#part());
    if (draw.once(2)) batch.messages = draw.some(3, () => this.#message());
    return batch;
  }

  #newRun(): NewRun {
    const draw = this.#draw;
    const limitMax = draw.once(2) ? 1 + draw.below(2) : null;
    const rate = draw.once(2) ? draw.of(rates) : { rateKey: null, rateMax: null, ratePeriodMs: null };
    const fields = {
      workflow: draw.of(["one", "two"]),
      version: draw.of([null, "1", "2"]),
      priority: draw.below(3) - 1,
      createdAtMs: this.#nowMs,
      // Some have waited for as long as a level of priority or two are worth, about.
      wakeAtMs: draw.once(5) ? null : this.#nowMs + draw.below(40) - (draw.once(4) ? draw.below(3) * ageingMs : 0),
      limitKey: limitMax === null ? null : draw.of(["k", "l"]),
      limitMax,
      ...rate,
      queue: draw.of(["default", "default", "gpu"]),
      placement: placementText(draw.of(placements), "placement"),
      tenant: draw.of(this.#tenants),
      dedupKey: draw.once(6) ? draw.of(["d", "e"]) : null,
      inputHash: this.#text(),
    };
    return newRun(draw.of(runIds), fields, { events: draw.some(3, () => this.#text()), ...(draw.once(2) && { claimFor: draw.of(nodes) }) });
  }

  #part(): RunPart {
    const draw = this.#draw;
    const running = [...this.#model.runs.values()].filter(({ row }) => row.status === "running");
    const run = draw.once(8) ? undefined : draw.of(running);
    const runId = run?.row.runId ?? draw.of(runIds);
    return {
      runId,
      epoch: (run?.row.epoch ?? 1) - (draw.once(12) ? 1 : 0),
      expectedSeq: draw.once(20) ? null : (run?.events.length ?? 0) + (draw.once(12) ? draw.below(3) - 1 : 0),
      events: draw.some(4, () => this.#text()),
      // No two alike: which of two runs that ended in one moment is swept first is the store's choice.
      atMs: ++this.#nowMs,
      ...(draw.once(2) && { mailSeen: draw.once(3) ? draw.below(5) : (run?.row.mailSeq ?? 0) }),
      ...(draw.once(5) && { children: draw.some(2, () => this.#newRun()) }),
      ...(draw.once(5) && { messages: draw.some(2, () => this.#message()).filter((one) => one.runId !== runId) }),
      ...(draw.once(3) && {
        release: {
          status: draw.of(released),
          wakeAtMs: draw.once(2) ? null : this.#nowMs + draw.below(60),
          ...(draw.once(4) && { note: "why", dead: "CODE", version: draw.of([null, "2"]) }),
        },
      }),
      ...(draw.once(3) && { progress: true }),
      ...(draw.once(5) && { snapshot: { body: this.#text() } }),
    };
  }

  #message(): NewMessage {
    return message(this.#draw.of(runIds), `id-${this.#draw.below(40)}`, { atMs: this.#nowMs, body: this.#text() });
  }

  #text(): string {
    return `text ${++this.#texts}`;
  }
}

/** @param seed each round adds one to it */
export function randomLaws(open: () => Promise<RunStore>, rounds: number, seed: number): void {
  for (let round = 0; round < rounds; round++) {
    test(`random operations answer as the model does (seed ${seed + round})`, async () => {
      await using store = await open();
      const pair = new Pair(store, new Draw(seed + round));
      for (let step = 1; step <= 400; step++) {
        await pair.step();
        if (step % 10 === 0) await pair.compare();
      }
    });
  }
}
