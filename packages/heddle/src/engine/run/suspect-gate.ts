/** Of all runs of a node that crashed again and again, one at a time has something under way: when the process dies of it, the others are not blamed. */
export class SuspectGate {
  readonly #waiting: { readonly who: object; readonly start: () => void }[] = [];
  #within: object | null = null;

  /** Begin once nobody is within. */
  enter(who: object, start: () => void): void {
    if (this.#within === null) {
      this.#within = who;
      start();
    } else this.#waiting.push({ who, start });
  }

  /** It has nothing under way any more, and waits for nothing. */
  leave(who: object): void {
    const at = this.#waiting.findIndex((each) => each.who === who);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#within !== who) return;
    const next = this.#waiting.shift();
    this.#within = next?.who ?? null;
    next?.start();
  }
}
