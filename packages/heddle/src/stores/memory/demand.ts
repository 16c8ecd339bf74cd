import { defaultQueue, type Placement, readPlacement } from "@heddle/kernel";

/** What runs demand of a node. One object for all that demand the same. */
export interface Demand {
  readonly queue: string;
  readonly text: string | null;
  readonly placement: Placement | null;
  /** It bounds how many runs a node may own. */
  readonly bounded: boolean;
}

const plain: Demand = { queue: defaultQueue, text: null, placement: null, bounded: false };

/** The demands of a store's runs. */
export class Demands {
  readonly #queues = new Map<string, Map<string | null, Demand>>();

  of(queue: string, text: string | null): Demand {
    if (queue === plain.queue && text === null) return plain;
    let demands = this.#queues.get(queue);
    if (demands === undefined) this.#queues.set(queue, (demands = new Map()));
    let demand = demands.get(text);
    if (demand === undefined) {
      const placement = readPlacement(text);
      demands.set(text, (demand = { queue, text, placement, bounded: placement?.maxPerNode !== undefined }));
    }
    return demand;
  }
}
