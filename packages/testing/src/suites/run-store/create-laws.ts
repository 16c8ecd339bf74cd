import assert from "node:assert/strict";
import type { Law } from "./law.ts";
import { append, bodies, claim, commit, create, createOwned, message, newRow, newRun, part, release, row, startMs } from "./sample.ts";

export function createLaws(law: Law): void {
  law("a created run stands there as it was given, queued and at epoch 0", async (store) => {
    const fields = {
      workflow: "order",
      version: "2",
      wakeAtMs: startMs + 10,
      priority: -3,
      limitKey: "key",
      limitMax: 4,
      dedupKey: "once",
      parentId: "mother",
      tags: { team: "red", "a b": "c=d" },
      createdAtMs: startMs + 1,
      inputHash: "0123456789abcdef",
    };
    assert.deepEqual(await create(store, newRun("run", fields, { events: ["one", "two"] })), { status: "created", claimed: false });

    assert.deepEqual(await row(store, "run"), newRow("run", fields));
    assert.deepEqual(await store.readJournal("run", 0), [
      { seq: 1, atMs: startMs + 1, body: "one" },
      { seq: 2, atMs: startMs + 1, body: "two" },
    ]);
  });

  law("a run may begin without an event", async (store) => {
    await create(store, newRun("run", {}, { events: [], claimFor: "node-a" }));

    assert.deepEqual(await bodies(store, "run"), []);
    assert.deepEqual(await append(store, part("run", 0, { events: ["one"] })), { status: "ok", seq: 1 });
  });

  law("ids, keys and tags may be any text", async (store) => {
    for (const text of ["__proto__", "constructor", "%", "_", "a'b\"c", "\u{1F9F5}", "a\u0000b", "1e3", "01"]) {
      await create(
        store,
        newRun(
          text,
          {
            workflow: text,
            version: text,
            dedupKey: text,
            limitKey: text,
            limitMax: 1,
            tenant: text,
            parentId: text,
            tags: { [text]: text, z: text },
          },
          { events: [text] },
        ),
      );
      const found = await row(store, text);
      assert.deepEqual(
        [found.runId, found.workflow, found.version, found.dedupKey, found.limitKey, found.parentId],
        [text, text, text, text, text, text],
      );
      assert.deepEqual(
        new Map(Object.entries(found.tags)),
        new Map([
          ["z", text],
          [text, text],
        ]),
      );
      assert.deepEqual(
        (await store.list({ tags: Object.fromEntries([[text, text]]) })).map((one) => one.runId),
        [text],
      );
      assert.deepEqual(await claim(store, startMs, 5, [`${text}@${text}`]), [text]);
    }
  });

  law("a second create with the same id changes nothing and gets the row that is there", async (store) => {
    await createOwned(store, "run");
    const before = await row(store, "run");

    assert.deepEqual(await create(store, newRun("run", { workflow: "other", priority: 9 }, { events: ["x", "y"] })), {
      status: "exists",
      row: before,
    });
    assert.deepEqual(await row(store, "run"), before);
    assert.equal((await bodies(store, "run")).length, 1);
  });

  law("of many creates with one id at once, one is created", async (store) => {
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => create(store, newRun("run", { inputHash: `hash-${index}` }))),
    );

    assert.equal(verdicts.filter((verdict) => verdict.status === "created").length, 1);
    const { inputHash } = await row(store, "run");
    for (const verdict of verdicts) if (verdict.status === "exists") assert.equal(verdict.row.inputHash, inputHash);
  });

  law("a dedup key is unique within its workflow", async (store) => {
    await create(store, newRun("first", { dedupKey: "k" }));

    const second = await create(store, newRun("second", { dedupKey: "k" }));
    assert.deepEqual(second, { status: "exists", row: newRow("first", { dedupKey: "k" }) });
    assert.equal(await store.get("second"), null);
    assert.equal((await create(store, newRun("third", { dedupKey: "k", version: "2" }))).status, "exists");
    assert.equal((await create(store, newRun("fourth", { dedupKey: "k", workflow: "sampl" }))).status, "created");
    assert.equal((await create(store, newRun("fifth", { dedupKey: "ek", workflow: "sampl" }))).status, "created");
  });

  law("the run id counts before the dedup key", async (store) => {
    await create(store, newRun("first", { dedupKey: "k" }));
    await create(store, newRun("second"));

    assert.deepEqual(await create(store, newRun("second", { dedupKey: "k" })), { status: "exists", row: newRow("second") });
  });

  law("a dedup key holds when its run has ended, and is free when it is deleted", async (store) => {
    await createOwned(store, "first", { dedupKey: "k" });
    await release(store, "first", 1, "completed");
    assert.equal((await create(store, newRun("second", { dedupKey: "k" }))).status, "exists");

    await store.delete("first");
    assert.equal((await create(store, newRun("second", { dedupKey: "k" }))).status, "created");
  });

  law("claimFor claims in the same commit: epoch 1, running, owned", async (store) => {
    assert.deepEqual(await create(store, newRun("run", {}, { claimFor: "node-a" })), { status: "created", claimed: true });

    assert.deepEqual(await row(store, "run"), newRow("run", { status: "running", epoch: 1, owner: "node-a", wakeAtMs: null }));
    assert.deepEqual(await claim(store, startMs + 1_000), []);
  });

  law("creates come before parts, and parts before messages, within one batch", async (store) => {
    const verdict = await commit(store, {
      messages: [message("run", "m")],
      parts: [part("run", 1, { events: ["two"], release: { status: "waiting", wakeAtMs: null } })],
      creates: [newRun("run", {}, { claimFor: "node-a" })],
    });
    assert.deepEqual(verdict.parts, [{ status: "ok", seq: 2 }]);
    assert.deepEqual(verdict.messages, [{ status: "kept" }]);
    assert.deepEqual(await claim(store, startMs), ["run"], "the mail came after the release and woke the run");
  });

  law("children of a part are created with it, and their verdicts come with it", async (store) => {
    await createOwned(store, "mother");
    await create(store, newRun("there", { inputHash: "old" }));

    const verdict = await append(
      store,
      part("mother", 1, {
        events: ["spawned"],
        children: [newRun("new", { parentId: "mother" }, { claimFor: "node-a" }), newRun("there", { inputHash: "other" })],
        messages: [message("new", "hello"), message("nobody", "hello")],
      }),
    );
    assert.deepEqual(verdict, {
      status: "ok",
      seq: 2,
      children: [
        { status: "created", claimed: true },
        { status: "exists", row: newRow("there", { inputHash: "old" }) },
      ],
      messages: [{ status: "kept" }, { status: "unknown" }],
    });
    assert.deepEqual(
      (await store.list({ parentId: "mother" })).map((one) => one.runId),
      ["new"],
    );
    assert.deepEqual(
      (await store.readMail("new")).map((one) => one.id),
      ["hello"],
    );
    assert.deepEqual(await append(store, part("new", 1, { events: ["x"] })), { status: "ok", seq: 2 });
  });
}
