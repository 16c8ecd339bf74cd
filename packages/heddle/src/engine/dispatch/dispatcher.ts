import type { DispatchRules } from "./dispatch-rules.ts";
import { OpenLevels } from "./open-levels.ts";
import { Places } from "./places.ts";
import { isBefore, type Ticket } from "./ticket.ts";
import { WaitingLine } from "./waiting-line.ts";

/**
 * Holds the ready tasks of one run back and says which begins next. It knows them by the number of their command, begins nothing itself and is recorded nowhere:
 * the engine and the simulator of `compareStrategies` go by the same one.
 *
 * Laws:
 * 1. What `next` gives stays within all limits; what goes on after a wait takes its place in any case.
 * 2. If nothing is given, then for each task in line there is no place, or its level is not reached, or it does not fit the resources, or it stands behind one that does
 *    not fit and was overtaken sixteen times, or behind sixteen of its pool that do not fit.
 *
 * Cost: log n for each start, by the number of pools.
 */
export class Dispatcher {
  readonly #rules: DispatchRules;
  readonly #places: Places;
  readonly #lines: readonly WaitingLine[];
  readonly #tickets = new Map<number, Ticket>();
  readonly #levels: OpenLevels | null;
  /** How many of the edges into each task have no end yet. */
  readonly #edgesLeft: Int32Array;
  readonly #fits: (ticket: Ticket) => boolean;
  #arrivals = 0;
  #inLine = 0;

  constructor(rules: DispatchRules) {
    this.#rules = rules;
    this.#places = new Places(rules);
    this.#lines = rules.poolPlaces.map(() => new WaitingLine());
    this.#levels = rules.strategy === "level" ? new OpenLevels() : null;
    this.#edgesLeft = rules.edgesInto.slice();
    this.#fits = (ticket) => this.#places.fits(ticket);
  }

  /** Tasks that have a place. */
  get underWay(): number {
    return this.#places.taken;
  }

  /** Tasks that are ready and held back. */
  get waiting(): number {
    return this.#inLine;
  }

  /** A task is ready: for its first attempt, or for a further one. */
  stand(no: number, task: number): void {
    const ticket = this.#ticket(no, task);
    ticket.status = "line";
    ticket.arrival = this.#arrivals++;
    ticket.overtaken = 0;
    this.#inLine++;
    (this.#lines[ticket.pool] as WaitingLine).add(ticket);
  }

  /** A task that has begun before goes on: it has its place whatever the limits say. */
  goOn(no: number, task: number): void {
    const ticket = this.#ticket(no, task);
    ticket.status = "place";
    this.#places.take(ticket);
  }

  /** A further attempt is not due yet. */
  waitForAttempt(no: number, task: number): void {
    this.#ticket(no, task).status = "between";
  }

  /** The number of the task that begins now; undefined: none may. */
  next(): number | undefined {
    if (this.#inLine === 0 || this.#places.isFull) return undefined;
    let best: Ticket | undefined;
    for (let pool = 0; pool < this.#lines.length; pool++) {
      if (this.#places.isPoolFull(pool)) continue;
      const found = (this.#lines[pool] as WaitingLine).firstThat(this.#fits, this.#levels?.lowest ?? Number.POSITIVE_INFINITY);
      if (found === undefined) continue;
      // It was overtaken often enough.
      if (!this.#places.fits(found)) return undefined;
      if (best === undefined || isBefore(found, best)) best = found;
    }
    if (best === undefined) return undefined;
    (this.#lines[best.pool] as WaitingLine).take(best);
    for (let pool = 0; pool < this.#lines.length; pool++) {
      if (!this.#places.isPoolFull(pool)) (this.#lines[pool] as WaitingLine).wasOvertakenBy(best);
    }
    best.status = "place";
    this.#inLine--;
    this.#places.take(best);
    return best.no;
  }

  /** A task under way waits for what is not done by it. */
  rest(no: number): void {
    const ticket = this.#tickets.get(no);
    if (ticket?.status !== "place") return;
    ticket.status = "rest";
    this.#places.giveBack(ticket);
  }

  /** Its wait is over. */
  wake(no: number): void {
    const ticket = this.#tickets.get(no);
    if (ticket?.status !== "rest") return;
    ticket.status = "place";
    this.#places.take(ticket);
  }

  /**
   * Its code is over. Its place is free at once, unless what comes after it may be ready now and would go before all that stand in line: then it is kept until the
   * end is recorded and that is known.
   *
   * @param plainly it completed and does not end the run: no other end may stop what stands in line
   */
  end(no: number, plainly: boolean): void {
    const ticket = this.#tickets.get(no);
    if (ticket === undefined) return;
    const leads = this.#mayLead(ticket.task) || !plainly;
    if (ticket.status === "line") this.#inLine--;
    if (ticket.status === "place" && leads) {
      ticket.status = "closing";
      return;
    }
    if (ticket.status === "place") this.#places.giveBack(ticket);
    ticket.status = "over";
  }

  /** Its attempt is over: a further one is due later. */
  endAttempt(no: number): void {
    const ticket = this.#tickets.get(no);
    if (ticket?.status === "place") this.#places.giveBack(ticket);
    if (ticket !== undefined) ticket.status = "between";
  }

  /** Its end is recorded. What that makes due comes next. */
  close(no: number): void {
    const ticket = this.#tickets.get(no);
    if (ticket === undefined) return;
    if (ticket.status === "closing") this.#places.giveBack(ticket);
    ticket.status = "over";
    this.#tickets.delete(no);
    this.#levels?.close(ticket.level);
  }

  /** A task ended before this dispatcher was made. */
  hasEnded(task: number): void {
    this.#countEnd(task);
  }

  /** Whether a task that comes after this one may be ready by its end, and would go first. */
  #mayLead(task: number): boolean {
    const ready = this.#countEnd(task);
    const { strategy } = this.#rules;
    if (ready === Number.POSITIVE_INFINITY || this.#inLine === 0 || strategy === "level" || strategy === "reactive") return false;
    for (const line of this.#lines) {
      const first = line.first();
      if (first !== undefined && first.position <= ready) return false;
    }
    return true;
  }

  /** The best position of those after a task that wait for no other end; infinity: there is none. */
  #countEnd(task: number): number {
    const { graph, positions } = this.#rules;
    let best = Number.POSITIVE_INFINITY;
    if (task >= graph.ids.length) return best;
    for (let edge = graph.firsts[task]!; edge < graph.firsts[task + 1]!; edge++) {
      const target = graph.targets[edge]!;
      const left = --this.#edgesLeft[target]!;
      if (left <= 0 && target < positions.length) best = Math.min(best, positions[target]!);
    }
    return best;
  }

  #ticket(no: number, task: number): Ticket {
    const known = this.#tickets.get(no);
    if (known !== undefined) return known;
    const { positions, levels, pools, cpus, memories } = this.#rules;
    const planned = task < positions.length;
    const ticket: Ticket = {
      no,
      task,
      // Added to the plan of this run: behind all others.
      level: planned ? levels[task]! : positions.length,
      pool: planned ? pools[task]! : 0,
      cpu: planned ? cpus[task]! : 0,
      memory: planned ? memories[task]! : 0,
      position: planned ? positions[task]! : task,
      arrival: 0,
      overtaken: 0,
      status: "between",
    };
    this.#tickets.set(no, ticket);
    this.#levels?.open(ticket.level);
    return ticket;
  }
}
