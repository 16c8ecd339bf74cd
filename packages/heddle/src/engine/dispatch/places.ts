import type { DispatchRules } from "./dispatch-rules.ts";
import type { Ticket } from "./ticket.ts";

/** What is taken of a run's places, pools and resources. What goes on after a wait takes its part whatever is left: the sums may go beyond the limits. */
export class Places {
  readonly #rules: DispatchRules;
  readonly #pools: number[];
  #taken = 0;
  #cpu = 0;
  #memory = 0;

  constructor(rules: DispatchRules) {
    this.#rules = rules;
    this.#pools = rules.poolPlaces.map(() => 0);
  }

  get taken(): number {
    return this.#taken;
  }

  get isFull(): boolean {
    return this.#taken >= this.#rules.maxConcurrency;
  }

  isPoolFull(pool: number): boolean {
    return (this.#pools[pool] as number) >= (this.#rules.poolPlaces[pool] as number);
  }

  /** Whether there is enough of the resources. What needs nothing of one fits also where too much of it is taken. */
  fits({ cpu, memory }: Ticket): boolean {
    return (cpu === 0 || this.#cpu + cpu <= this.#rules.cpu) && (memory === 0 || this.#memory + memory <= this.#rules.memory);
  }

  take({ pool, cpu, memory }: Ticket): void {
    this.#add(1, pool, cpu, memory);
  }

  giveBack({ pool, cpu, memory }: Ticket): void {
    this.#add(-1, pool, -cpu, -memory);
  }

  #add(one: number, pool: number, cpu: number, memory: number): void {
    this.#taken += one;
    (this.#pools[pool] as number) += one;
    this.#cpu += cpu;
    this.#memory += memory;
  }
}
