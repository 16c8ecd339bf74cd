// An engine whose runs fill a small disk; when the store has refused some commits, room is made. Says what was there at each time.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommitBatch } from "@heddle/kernel";
import { open, workflow } from "heddle";
import { openSqliteStore } from "heddle/internal";

const [folder = ""] = process.argv.slice(2);
const path = join(folder, "store.db");
const ballast = join(folder, "ballast");
writeFileSync(ballast, Buffer.alloc(3_500_000));
const ids = ["a", "b", "c", "d"];
let effects = 0;
const job = workflow("job", async (ctx) => {
  for (let index = 0; index < 60; index++)
    await ctx.step(`s${index}`, () => {
      effects++;
      return "x".repeat(10_000);
    });
  return "done";
});

const store = await openSqliteStore({ path });
let refused = 0;
const { promise: full, resolve: isFull } = Promise.withResolvers<void>();
const watched = new Proxy(store, {
  get(target, name): unknown {
    const value: unknown = Reflect.get(target, name, target);
    if (name !== "commit") return typeof value === "function" ? value.bind(target) : value;
    return async (batch: CommitBatch) => {
      try {
        return await target.commit(batch);
      } catch (error) {
        if ((error as { code?: unknown }).code === "STORE_FULL" && ++refused === 3) isFull();
        throw error;
      }
    };
  },
});
const report: Record<string, unknown> = {};
{
  await using engine = await open(watched, { workflows: [job] });
  const runs = await Promise.all(ids.map((id) => engine.start(job, undefined, { id })));
  await full;
  report["stalled"] = (await engine.list()).map(({ status }) => status);
  report["readable"] = (await Array.fromAsync((await engine.get("a")).events({ live: false }))).length;
  rmSync(ballast);
  report["results"] = await Promise.all(runs.map((run) => run.result()));
}
await using engine = await open(`sqlite:${path}`, { passive: true });
report["again"] = await Promise.all(ids.map(async (id) => (await engine.get(id)).result()));
console.log(JSON.stringify({ ...report, refused, effects }));
