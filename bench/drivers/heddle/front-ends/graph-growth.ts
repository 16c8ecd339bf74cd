// W11: what a state that grows in each step takes in the store.
import { join } from "node:path";
import { open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { databaseBytes } from "../../database-bytes.ts";
import { growingGraph } from "./graphs.ts";

/** @param bytes that the state grows by in each of `steps` steps */
export async function measure({ folder, steps, bytes }: Parameters): Promise<Sample> {
  const count = Number(steps);
  const growing = growingGraph(count, Number(bytes));
  const file = join(String(folder), "heddle.db");
  await using engine = await open(`sqlite:${file}`, { workflows: [growing] });
  const bytesBefore = databaseBytes(file);
  const startedAt = performance.now();
  const { n, log } = await (await engine.start(growing, {})).result();
  const seconds = (performance.now() - startedAt) / 1000;
  if (n !== count || log.length !== count) throw new Error(`The state has ${log.length} entries after ${n} steps.`);
  return { bytesPerStep: (databaseBytes(file) - bytesBefore) / count, stepsPerSecond: count / seconds };
}
