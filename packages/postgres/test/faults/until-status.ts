import type { Engine } from "heddle";

/** Resolves when the run has this status. */
export async function untilStatus(engine: Engine, runId: string, status: string): Promise<void> {
  const run = await engine.get(runId);
  while ((await run.summary()).status !== status) await new Promise((resolve) => setImmediate(resolve));
}
