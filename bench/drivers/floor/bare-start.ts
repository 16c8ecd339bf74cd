// What it takes until code runs at all, our driver's own start included.
import type { Sample } from "../../src/sample.ts";

export async function measure(): Promise<Sample> {
  return { processStartMs: performance.now() };
}
