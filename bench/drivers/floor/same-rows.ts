// W4: the rows that a run wrote, written again by a worker thread that does nothing else: same schema, same indexes, same batches.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Parameters, Sample } from "../../src/sample.ts";
import type { SameRows } from "./write-same-rows.ts";

/**
 * @param folder with the `heddle.db` and `batches.json` of `heddle/durable-runs.ts`
 * @param oneByOne each row in a commit of its own
 */
export async function measure({ folder, oneByOne }: Parameters): Promise<Sample> {
  const workerData: SameRows = { folder: String(folder), oneByOne: oneByOne === true };
  const worker = new Worker(new URL("./write-same-rows.ts", import.meta.url), { workerData });
  const [sample] = (await once(worker, "message")) as [Sample];
  return sample;
}
