import assert from "node:assert/strict";
import { test } from "node:test";
import { HeddleError, workflow } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const job = workflow("job", async (ctx) => ctx.receive<string>("word", "word"));
const ids = ["a", "b", "c", "d"];

async function parked(place: SqlitePlace): Promise<void> {
  await using engine = await place.open({ workflows: [job] });
  for (const id of ids) await engine.start(job, undefined, { id });
  for (const id of ids) await untilStatus(engine, id, "waiting");
}

test("case 30: runs that were claimed while the store could not be read are taken up when it can", async () => {
  using place = new SqlitePlace();
  await parked(place);
  {
    await using sender = await place.open({ passive: true });
    for (const id of ids) await sender.signal(id, "word", `for ${id}`);
  }
  let refused = 0;
  place.beforeRead = (runId) => {
    if (runId !== "b" || refused === 2) return;
    refused++;
    throw new HeddleError("STORE_UNAVAILABLE", "The store did not answer.");
  };
  await using engine = await place.open({ workflows: [job] });

  for (const id of ids) assert.equal(await place.clock.runUntil((await engine.get(id)).result(), 60_000), `for ${id}`);
  assert.equal(refused, 2);
});

test("case 26: a run whose journal cannot be understood is put aside with its reason, and those claimed with it go on", async () => {
  using place = new SqlitePlace();
  await parked(place);
  place.respell("b", 1, (body) => body.replace('"workflow":', '"input":{"$nonsense":1},"workflow":'));
  {
    await using sender = await place.open({ passive: true });
    for (const id of ids) await sender.signal(id, "word", `for ${id}`);
  }
  await using engine = await place.open({ workflows: [job] });

  for (const id of ["a", "c", "d"]) assert.equal(await (await engine.get(id)).result(), `for ${id}`);
  await untilStatus(engine, "b", "paused");
  assert.match((await (await engine.get("b")).summary()).note ?? "", /run b cannot be read.*\$nonsense is no tag/);
});
