import type { Capabilities, Placement } from "./placement.ts";
import { nameOfNode } from "./node-name.ts";
import { whyNot } from "./why-not.ts";

/** What a claim says of its node. */
export interface NodeOffer {
  readonly node?: string;
  /** Absent: every queue. */
  readonly queues?: readonly string[];
  /** Absent: none. */
  readonly capabilities?: Capabilities;
}

/** Under which conditions a node takes runs of one queue and placement. */
export interface ClaimTerms {
  /** Only those that have been due for so long. */
  readonly delayMs: number;
  /** At most so many under way on the node; null: no limit. */
  readonly most: number | null;
}

/** So long a run waits for a node that it prefers, before any other takes it. */
export const preferenceMs = 2_000;

const atOnce: ClaimTerms = { delayMs: 0, most: null };

/**
 * May this node take runs of this queue and placement, and how?
 *
 * @param lives whether a node that people gave this name is alive, as far as the store knows
 * @returns null: it takes none
 */
export function claimTerms(
  queue: string,
  placement: Placement | null,
  { node, queues, capabilities = {} }: NodeOffer,
  lives: (node: string) => boolean,
): ClaimTerms | null {
  if (queues !== undefined && !queues.includes(queue)) return null;
  if (placement === null) return atOnce;
  const name = node === undefined ? undefined : nameOfNode(node);
  if (whyNot(placement, capabilities, name ?? "") !== null) return null;
  const prefer = placement.nodes?.prefer ?? [];
  const waits = name !== undefined && !prefer.includes(name) && prefer.some(lives);
  return { delayMs: waits ? preferenceMs : 0, most: placement.maxPerNode ?? null };
}
