import type { RunStore } from "@heddle/kernel";
import { isGone } from "../process-name.ts";
import { readInfo } from "./node-directory.ts";

const lookedAtOnce = 1_000;

/** Nodes that own runs and whose processes on this machine were killed need not be waited for: their leases end now, and a reap frees their runs. */
export async function endLeasesOfTheGone(store: RunStore, nowMs: number): Promise<void> {
  const running = await store.list({ status: ["running"], limit: lookedAtOnce });
  const gone = new Set(running.map(({ owner }) => owner).filter((owner) => owner !== null && isGone(owner)));
  // A name that people gave says nothing of the process; what the node says of itself does.
  for (const { node, info, untilMs, owned } of await store.nodes())
    if (owned > 0 && untilMs !== null && isGone(readInfo(info).process ?? node)) gone.add(node);
  for (const node of gone) if (node !== null) await store.heartbeat(node, nowMs - 1, nowMs);
}
