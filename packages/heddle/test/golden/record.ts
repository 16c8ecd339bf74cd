// npm run record:journals: keeps what this version writes into a store, for every later version to go on with. Once for each release, and never again:
// what a release has written stays as it is.
import "./no-stacks.ts";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { begin, workflows } from "./scenarios-0.1.ts";
import { GoldenPlace } from "./golden-place.ts";
import { recordedAtMs } from "./recorded-at.ts";

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8")) as { version: string };
const folder = join(import.meta.dirname, "journals");
const packed = join(folder, `${version}.db.gz`);
if (existsSync(packed))
  throw new Error(`${packed} is there already. Raise the version first; before its release it may be removed by hand.`);
mkdirSync(folder, { recursive: true });

using place = new GoldenPlace(recordedAtMs);
{
  const { engine, process, store } = await place.start({ workflows, node: "killed" });
  await engine.start("once", { now: true }, { id: "once" });
  await place.clock.advance(1_000);
  process.kill();
  await store[Symbol.asyncDispose]();
}
{
  // Behind the dead node's lease, and not long enough to be found dead.
  const engine = await place.open({ workflows, node: "recorder" });
  await begin(engine);
  await place.clock.advance(10_000);
  await place.clock.runUntil(engine.close());
}
place.pack(packed);
