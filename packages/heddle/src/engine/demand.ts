import { checkQueue, defaultQueue, placementText, type Placement } from "@heddle/kernel";

/** Where a run may run. */
export interface Demand {
  readonly queue: string;
  /** As stores keep it; null: any node that serves the queue. */
  readonly placement: string | null;
}

/** What people write of it. */
export interface DemandOptions {
  readonly queue?: string | undefined;
  readonly placement?: Placement | undefined;
}

export const plainDemand: Demand = Object.freeze({ queue: defaultQueue, placement: null });

/**
 * What is given, and what it leaves out from `otherwise`.
 *
 * @param whose for messages, before the option's name: `the placement of …`
 * @throws HeddleError `OPTION_INVALID`
 */
export function demandOf({ queue, placement }: DemandOptions, otherwise: Demand, whose: string): Demand {
  if (queue === undefined && placement === undefined) return otherwise;
  return {
    queue: queue === undefined ? otherwise.queue : checkQueue(queue, `the queue of ${whose}`),
    placement: placement === undefined ? otherwise.placement : placementText(placement, `the placement of ${whose}`),
  };
}

/** Whether every node that names no queues can take it. */
export function isPlain({ queue, placement }: Demand): boolean {
  return queue === defaultQueue && placement === null;
}
