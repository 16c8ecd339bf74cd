import { Heap } from "./heap.ts";
import { isBefore, type Ticket } from "./ticket.ts";

/** So many that do not fit are passed over at a time. */
const mostPassedOver = 16;
/** So often each of them is overtaken. */
const mostOvertaken = 16;

/** The tasks of one pool that are ready and held back, first by `isBefore`. */
export class WaitingLine {
  readonly #heap = new Heap<Ticket>(isBefore);
  /** First ones that did not fit, in order. */
  #passed: Ticket[] = [];

  add(ticket: Ticket): void {
    this.#heap.add(ticket);
  }

  /** The first in line, whether it fits or not. */
  first(): Ticket | undefined {
    this.#dropOver();
    const [passed] = this.#passed;
    const { first } = this.#heap;
    return passed !== undefined && (first === undefined || isBefore(passed, first)) ? passed : first;
  }

  /**
   * The first that fits. Those before it that do not are passed over, unless one of them was overtaken often enough: then it is given, and nothing may begin
   * before it.
   *
   * @param lowestLevel none of a higher level is given
   */
  firstThat(fits: (ticket: Ticket) => boolean, lowestLevel: number): Ticket | undefined {
    this.#dropOver();
    let looked = 0;
    for (;;) {
      const top = this.#heap.first;
      for (; looked < this.#passed.length; looked++) {
        const passed = this.#passed[looked] as Ticket;
        if (top !== undefined && isBefore(top, passed)) break;
        if (passed.level <= lowestLevel && (passed.overtaken >= mostOvertaken || fits(passed))) return passed;
      }
      if (top === undefined || top.level > lowestLevel) return undefined;
      if (fits(top)) return top;
      if (this.#passed.length >= mostPassedOver) return undefined;
      this.#heap.take();
      this.#passed.splice(looked++, 0, top);
      this.#dropOver();
    }
  }

  /** It begins. Those before it were overtaken. */
  take(ticket: Ticket): void {
    if (this.#heap.first === ticket) this.#heap.take();
    else this.#passed = this.#passed.filter((each) => each !== ticket);
  }

  wasOvertakenBy(ticket: Ticket): void {
    for (const passed of this.#passed) if (isBefore(passed, ticket)) passed.overtaken++;
  }

  #dropOver(): void {
    while (this.#heap.first !== undefined && this.#heap.first.status !== "line") this.#heap.take();
    if (this.#passed.some(({ status }) => status !== "line")) this.#passed = this.#passed.filter(({ status }) => status === "line");
  }
}
