import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommitBatch, RunStore, StoreHint } from "@heddle/kernel";
import { workflow } from "heddle";
import { FakePlace } from "./fake-place.ts";

test("case 36: a signal that another process sends while a transaction is being committed is kept, and its run is not lost", async () => {
  await using place = new FakePlace();
  let begun = 0;
  const pay = workflow("pay", async (ctx) => {
    begun++;
    await ctx.transaction("table", (tx) => tx.run("CREATE TABLE paid (id TEXT)"));
    await ctx.transaction("pay", (tx) => tx.run("INSERT INTO paid VALUES (?)", "pay"));
    return ctx.receive<number>("word", "word");
  });
  const sender = await place.open({ passive: true });
  let sent = 0;
  let read = 0;
  const between = (store: RunStore): RunStore => {
    let hear: ((runId: string | null, what: StoreHint) => void) | null = null;
    const others: Partial<RunStore> = {
      watch(call) {
        hear = call;
        return store.watch(call);
      },
      async readMail(runId) {
        const mail = await store.readMail(runId);
        read++;
        return mail;
      },
      async commit(batch: CommitBatch) {
        if (sent === 0 && batch.parts?.some(({ statements }) => statements?.some(({ sql }) => sql.startsWith("INSERT"))) === true) {
          sent++;
          await sender.signal("pay", "word", 7);
          hear?.("pay", "work");
          await place.until(() => read > 0, "its mail was read");
          await place.clock.advance(0);
        }
        return store.commit(batch);
      },
    };
    return new Proxy(store, {
      get(target, name): unknown {
        const value: unknown = Reflect.get(name in others ? others : target, name, target);
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
  };
  const engine = await place.open({ workflows: [pay] }, between);
  const run = await engine.start(pay, undefined, { id: "pay" });

  assert.equal(await place.clock.runUntil(run.result(), 60_000), 7);
  assert.deepEqual([sent, begun, (await place.row("pay")).epoch], [1, 1, 1]);
});
