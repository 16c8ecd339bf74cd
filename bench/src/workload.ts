import type { Bench } from "./bench.ts";
import type { PeersFolder } from "./peers-folder.ts";

/** One line of the table of speed. */
export interface Workload {
  /** `W1` to `W11`. */
  readonly id: string;
  readonly title: string;
  measure(bench: Bench, peers: PeersFolder): Promise<void>;
}

/** Peers without a bar are shown for comparison: so many samples. */
export const comparisons = 3;
