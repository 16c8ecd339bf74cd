import assert from "node:assert/strict";
import type { ListOptions, RunId, RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, commit, create, createOwned, newRun, part, row, startMs } from "./sample.ts";

const listed = async (store: RunStore, options: ListOptions): Promise<RunId[]> => (await store.list(options)).map((one) => one.runId);

async function fill(store: RunStore): Promise<void> {
  await create(store, newRun("a-queued", { tags: { team: "red", tier: "1" } }));
  await createOwned(store, "a-running", { workflow: "other", tags: { team: "red" }, parentId: "a-queued" });
  for (const status of ["waiting", "paused", "completed", "failed", "cancelled", "timed-out"] as const) {
    await createOwned(store, `b-${status}`, {
      workflow: "other",
      version: "1",
      parentId: status === "waiting" ? "a-queued" : null,
      tags: { team: "blue" },
    });
    await append(
      store,
      part(`b-${status}`, 1, {
        release: { status, wakeAtMs: null, dead: status === "failed" || status === "paused" ? "CODE" : null, note: status },
      }),
    );
  }
}

export function listLaws(law: Law): void {
  law("runs are listed newest first, as they are read by id", async (store) => {
    await fill(store);

    const all = ["b-timed-out", "b-cancelled", "b-failed", "b-completed", "b-paused", "b-waiting", "a-running", "a-queued"];
    assert.deepEqual(await listed(store, {}), all);
    for (const one of await store.list({})) assert.deepEqual(one, await row(store, one.runId));
  });

  law("the order is the creation in the store, whatever the times say", async (store) => {
    await create(store, newRun("first", { createdAtMs: startMs + 100 }));
    await create(store, newRun("second", { createdAtMs: startMs }));

    assert.deepEqual(await listed(store, {}), ["second", "first"]);
  });

  law("each filter narrows the list, and they work together", async (store) => {
    await fill(store);

    assert.deepEqual(await listed(store, { status: ["waiting"] }), ["b-waiting"]);
    assert.deepEqual(await listed(store, { status: ["queued", "running", "completed"] }), ["b-completed", "a-running", "a-queued"]);
    assert.deepEqual(await listed(store, { status: [] }), []);
    assert.deepEqual(await listed(store, { workflow: "sample" }), ["a-queued"]);
    assert.equal((await listed(store, { workflow: "other" })).length, 7);
    assert.deepEqual(await listed(store, { workflow: "nothing" }), []);
    assert.deepEqual(await listed(store, { parentId: "a-queued" }), ["b-waiting", "a-running"]);
    assert.deepEqual(await listed(store, { dead: true }), ["b-failed", "b-paused"]);
    assert.equal((await listed(store, { dead: false })).length, 6);
    assert.deepEqual(await listed(store, { tags: { team: "red" } }), ["a-running", "a-queued"]);
    assert.deepEqual(await listed(store, { tags: { team: "red", tier: "1" } }), ["a-queued"]);
    assert.deepEqual(await listed(store, { tags: { team: "red", tier: "2" } }), []);
    assert.deepEqual(await listed(store, { tags: {}, limit: 1 }), ["b-timed-out"]);
    assert.deepEqual(await listed(store, { prefix: "a-" }), ["a-running", "a-queued"]);
    assert.deepEqual(
      await listed(store, { prefix: "b-", workflow: "other", status: ["failed", "cancelled"], dead: true, tags: { team: "blue" } }),
      ["b-failed"],
    );
  });

  law("a prefix is text and no pattern", async (store) => {
    for (const runId of ["a%b", "aXb", "a_b", "a%", "\u{1F9F5}x", "\uFFFFx", "A%"]) await create(store, newRun(runId));

    assert.deepEqual(await listed(store, { prefix: "a%" }), ["a%", "a%b"]);
    assert.deepEqual(await listed(store, { prefix: "a_" }), ["a_b"]);
    assert.deepEqual(await listed(store, { prefix: "\u{1F9F5}" }), ["\u{1F9F5}x"]);
    assert.deepEqual(await listed(store, { prefix: "\uFFFF" }), ["\uFFFFx"]);
    assert.equal((await listed(store, { prefix: "" })).length, 7);
  });

  law("pages follow each other without gap or repeat, also when new runs come between them", async (store) => {
    await commit(store, {
      creates: Array.from({ length: 120 }, (_, index) => newRun(`run-${index}`, { tags: { odd: String(index % 2) } })),
    });
    assert.equal((await listed(store, {})).length, 50, "the default");

    for (const filter of [{}, { tags: { odd: "1" } }, { status: ["queued"] }, { prefix: "run-1" }] satisfies ListOptions[]) {
      const whole = await listed(store, { ...filter, limit: 1_000 });
      const paged: RunId[] = [];
      for (
        let page = await listed(store, { ...filter, limit: 7 });
        page.length > 0;
        page = await listed(store, { ...filter, limit: 7, after: paged.at(-1)! })
      ) {
        paged.push(...page);
        await create(store, newRun(`run-1-new-${Object.keys(filter).join()}-${paged.length}`, { tags: { odd: "1" } }));
      }
      assert.deepEqual(paged, whole);
    }
  });

  law("a list that goes on after a run that is gone says so", async (store) => {
    await create(store, newRun("run"));
    await create(store, newRun("gone"));
    await store.delete("gone");

    await assert.rejects(store.list({ after: "gone" }), { code: "RUN_UNKNOWN" });
  });
}
