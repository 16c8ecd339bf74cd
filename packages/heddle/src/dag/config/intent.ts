import { localProcessors } from "../processors/local-processors.ts";
import type { DagNode, Intent } from "./dag-config.ts";

/** What a node says, else what its processor does, else `transform`. */
export function intentOf({ intent, processor }: DagNode): Intent {
  if (intent !== undefined) return intent;
  if (processor === undefined || !Object.hasOwn(localProcessors, processor)) return "transform";
  return localProcessors[processor]?.intent ?? "transform";
}
