import type { Demand } from "./demand.ts";
import type { MemoryNode, MemoryRun } from "./memory-run.ts";
import type { RunHeap } from "./run-heap.ts";

/** Runs of one workflow and version that demand the same of a node. */
export interface Kind {
  readonly name: string;
  readonly demand: Demand;
  /** How many of them each node owns; counted only where the demand bounds it. */
  readonly owned: Map<MemoryNode, number>;
  /** Not due yet, as far as the last claim knew. */
  readonly timers: RunHeap;
  readonly ready: Map<string | null, RunHeap>;
  /** By the names of rate and limit: those in which runs wait. */
  readonly lanes: Map<string, Lane>;
}

/** Runs of a kind that wait for the same rate and the same limit. */
export interface Lane {
  /** It waits for the rate, or for a place of the limit, and all others wait for it. Null: it left at this moment. */
  first: MemoryRun | null;
  readonly behind: Map<string | null, RunHeap>;
}
