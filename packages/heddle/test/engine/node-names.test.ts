import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import { workflow } from "heddle";
import { FakePlace } from "../faults/fake-place.ts";

const leaseMs = 15_000;

test("a second process of a name is refused while the first gives signs of life", async () => {
  await using place = new FakePlace();
  const first = await place.open({ node: "same" });
  await assert.rejects(place.clock.runUntil(place.open({ node: "same" })), {
    code: "NODE_NAME_TAKEN",
    message: /^Another living process is node "same" of this store \(.+\): give this one another name, or leave the option out\.$/,
  });

  assert.deepEqual(
    (await first.nodes()).map(({ name, status }) => [name, status]),
    [["same", "live"]],
  );
  await place.close(first);
  await place.open({ node: "same" });
});

test("a name whose process was killed passes on after its lease, with what that one was running", async () => {
  await using place = new FakePlace();
  const begun: number[] = [];
  const job = workflow("job", (ctx) =>
    ctx.step("work", ({ attempt }) => {
      begun.push(attempt);
      return begun.length === 1 ? new Promise<string>(() => {}) : "done";
    }),
  );
  const { engine, process } = await place.start({ workflows: [job], node: "same" });
  await engine.start(job, undefined, { id: "r" });
  await place.until(() => begun.length === 1, "the step began");
  process.kill();

  const startedMs = place.clock.nowMs();
  const second = await place.clock.runUntil(place.open({ workflows: [job], node: "same" }));
  assert.ok(place.clock.nowMs() - startedMs > leaseMs / 2);
  assert.equal(await place.clock.runUntil((await second.get("r")).result()), "done");
  assert.deepEqual([begun, (await place.row("r")).epoch, (await place.row("r")).crashes], [[1, 2], 2, 0]);
});

test("a process that was silent while another took its name is of use again, and neither has the other's runs", async () => {
  await using place = new FakePlace();
  let silence: Promise<void> | null = null;
  const quiet = (store: RunStore): RunStore =>
    new Proxy(store, {
      get(target, name): unknown {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        return (...parameters: unknown[]): unknown => {
          const call = () => Reflect.apply(method, target, parameters) as unknown;
          return silence !== null && (name === "heartbeat" || name === "describeNode") ? silence.then(call) : call();
        };
      },
    });
  const first = await place.open({ node: "same" }, quiet);
  const { promise, resolve } = Promise.withResolvers<void>();
  silence = promise;
  const second = await place.clock.runUntil(place.open({ node: "same" }));
  resolve();
  silence = null;
  await place.clock.advance(2 * leaseMs);

  assert.notEqual(first.node, second.node);
  assert.deepEqual(
    (await second.nodes()).map(({ name, status }) => [name, status]),
    [
      ["same", "live"],
      ["same", "live"],
    ],
  );
});

test("a name with the mark that tells its processes apart is refused", async () => {
  await using place = new FakePlace();
  await assert.rejects(place.open({ node: "a#b" }), { code: "OPTION_INVALID", message: /^node is "a#b"/ });
});
