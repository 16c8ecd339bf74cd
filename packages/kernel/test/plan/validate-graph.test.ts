import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { validatePlan, type Task } from "@heddle/kernel";
import fc from "fast-check";
import { after, codes, group, ok, only, plan, skipping, work } from "./plan-parts.ts";
import "../seeded.ts";

describe("a cycle with a task that may be skipped", () => {
  test("is refused with the shortest cycle through that task", () => {
    const either = (id: string, ...from: string[]): Task => ({
      does: work,
      when: [{ id, after: from.map(ok), join: "any", untaken: "wait" }],
    });
    const fault = only(
      plan({
        a: skipping("a", "c"),
        b: after("b", "a"),
        b2: after("b2", "b"),
        c: either("c", "b2", "d"),
        d: after("d", "a"),
        start: after("start"),
      }),
    );

    assert.deepEqual([fault.path, fault.code, fault.cycle], ["/tasks/a/when/0/untaken", "skip-on-cycle", ["a", "d", "c"]]);
    assert.equal(fault.message, 'Task "a" may be skipped, but it lies on the cycle a → d → c → a.');
  });

  test("is refused when it is the task itself", () => {
    assert.deepEqual(only(plan({ a: skipping("a", "a") })).cycle, ["a"]);
  });

  test("is refused inside a group, and not for tasks beside or after it", () => {
    const value = plan({
      a: skipping("a", "b"),
      b: skipping("b", "a"),
      g: group("a", "b"),
      z: skipping("z", "g"),
      loop: after("loop", "loop"),
      y: skipping("y", "loop"),
    });
    assert.deepEqual(codes(value), [
      ["/tasks/a/when/0/untaken", "skip-on-cycle"],
      ["/tasks/b/when/0/untaken", "skip-on-cycle"],
    ]);
  });

  test("is found exactly where walking the edges finds it, and the cycle named is real and shortest", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 14 }), (arrows) => {
        const ids = "abcdefgh".split("");
        const sources = (to: number): string[] => [
          ...new Set(arrows.filter(([, target]) => target === to).map(([from]) => ids[from] as string)),
        ];
        const value = plan(Object.fromEntries(ids.map((id, number) => [id, skipping(id, ...sources(number))])));
        const faults = validatePlan(value);

        const lengths = new Map(ids.map((id, number) => [id, shortestWayBack(number, arrows)]));
        assert.deepEqual(
          faults.map(({ path }) => path.split("/")[2]),
          ids.filter((id) => lengths.get(id) !== null),
        );
        for (const { cycle = [] } of faults) {
          assert.equal(cycle.length, lengths.get(cycle[0] as string));
          for (const [index, id] of cycle.entries()) {
            const to = ids.indexOf(cycle[(index + 1) % cycle.length] as string);
            assert.ok(sources(to).includes(id), `${id} leads to the next`);
          }
        }
      }),
    );
  });

  function shortestWayBack(start: number, arrows: readonly (readonly [number, number])[]): number | null {
    let reached = new Set([start]);
    for (let length = 1; length <= 8; length += 1) {
      reached = new Set(arrows.filter(([from]) => reached.has(from)).map(([, to]) => to));
      if (reached.has(start)) return length;
    }
    return null;
  }
});

describe("two writers of a value channel", () => {
  const channels = { v: { kind: "value" }, list: { kind: "append" } };
  const writes = (task: Task, ...names: string[]): Task => ({ ...task, writes: names });

  test("that could run at once are refused in an eager plan", () => {
    const fault = only(plan({ a: writes(after("a"), "v"), b: writes(after("b"), "list", "v") }, { channels }));
    assert.deepEqual([fault.path, fault.code], ["/tasks/b/writes/1", "concurrent-writers"]);
    assert.match(fault.message, /"a" and "b" could run at the same time, and both write the value channel "v"/);
  });

  test("are taken when one comes after the other, over other tasks too, and in a loop", () => {
    assert.deepEqual(codes(plan({ a: writes(after("a"), "v"), m: after("m", "a"), b: writes(after("b", "m"), "v") }, { channels })), []);
    assert.deepEqual(
      codes(plan({ b: writes(after("b", "m"), "v"), m: after("m", "a"), a: writes(after("a", "b"), "v") }, { channels })),
      [],
    );
  });

  test("are taken in a superstep plan, whose rounds find conflicts, and on channels that merge", () => {
    assert.deepEqual(codes(plan({ a: writes(after("a"), "v"), b: writes(after("b"), "v") }, { channels, discipline: "superstep" })), []);
    assert.deepEqual(codes(plan({ a: writes(after("a"), "list"), b: writes(after("b"), "list") }, { channels })), []);
  });

  test("inside groups are in the order of their groups", () => {
    const inGroups = (when: Task["when"]) =>
      plan({ a: writes(after("a"), "v"), b: writes(after("b"), "v"), g: group("a"), h: { ...group("b"), when } }, { channels });
    assert.deepEqual(codes(inGroups(after("h", "g").when)), []);
    assert.deepEqual(codes(inGroups([])), [["/tasks/b/writes/0", "concurrent-writers"]]);
  });

  test("in groups that contain one another are looked at all the same", () => {
    const value = plan({ a: writes(after("a"), "v"), b: writes(after("b"), "v"), g: group("h", "a"), h: group("g", "b") }, { channels });
    assert.deepEqual(
      codes(value).map(([, code]) => code),
      ["group-cycle", "concurrent-writers", "concurrent-writers"],
    );
  });

  test("are found exactly where no way leads from one to the other", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 10 }), fc.subarray([0, 1, 2, 3, 4, 5, 6]), (arrows, writers) => {
        const ids = "abcdefg".split("");
        const tasks = ids.map((id, number): [string, Task] => {
          const sources = [...new Set(arrows.filter(([, to]) => to === number).map(([from]) => ids[from] as string))];
          return [id, writers.includes(number) ? writes(after(id, ...sources), "v") : after(id, ...sources)];
        });
        const ways = reach(arrows, ids.length);
        const unordered = writers.some((one) => writers.some((other) => one < other && !ways[one]?.has(other) && !ways[other]?.has(one)));

        const found = validatePlan(plan(Object.fromEntries(tasks), { channels }));
        assert.equal(found.length > 0, unordered);
        for (const { message } of found) {
          const [, one = "", other = ""] = /"(.)" and "(.)"/.exec(message) ?? [];
          assert.ok(!ways[ids.indexOf(one)]?.has(ids.indexOf(other)) && !ways[ids.indexOf(other)]?.has(ids.indexOf(one)), message);
        }
      }),
      { numRuns: 500 },
    );
  });

  function reach(arrows: readonly (readonly [number, number])[], nodes: number): Set<number>[] {
    const ways = Array.from({ length: nodes }, () => new Set<number>());
    for (let round = 0; round < nodes; round += 1) {
      for (const [from, to] of arrows) for (const way of ways) if (way === ways[from] || way.has(from)) way.add(to);
    }
    return ways;
  }
});

describe("a plan of 100,000 tasks", () => {
  const size = 100_000;
  const chain = (make: (number: number) => Task): unknown =>
    plan(Object.fromEntries(Array.from({ length: size }, (_, number) => [`t${number}`, make(number)])), {
      channels: { v: { kind: "value" } },
    });

  test("is looked through without recursion: a chain in which everyone writes one channel", () => {
    const value = chain((number) => ({ ...(number === 0 ? after("t0") : skipping(`t${number}`, `t${number - 1}`)), writes: ["v"] }));
    assert.deepEqual(validatePlan(value), []);
  });

  test("is looked through without recursion: one ring, in which every task may be skipped", () => {
    const faults = validatePlan(chain((number) => skipping(`t${number}`, `t${(number + size - 1) % size}`)));
    assert.deepEqual([faults.length, faults[0]?.cycle?.length, faults.at(-1)?.cycle?.length], [size, size, size]);
    assert.match(faults[0]?.message ?? "", /t0 → t1 → .* … 99989 more … → t99998 → t99999 → t0\.$/);
  });

  test("is looked through without recursion: groups inside one another", () => {
    const value = chain((number) => (number === size - 1 ? after("t") : group(`t${number + 1}`)));
    assert.deepEqual(validatePlan(value), []);
  });

  test("is looked through without recursion: many long rings that share all but one task", () => {
    const half = size / 2;
    const value = chain((number) =>
      number === 0
        ? skipping("t0", ...Array.from({ length: half }, (_, way) => `t${half + way}`))
        : skipping(`t${number}`, `t${Math.min(number, half) - 1}`),
    );
    assert.equal(validatePlan(value).length, size);
  });
});
