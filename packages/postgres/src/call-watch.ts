import type { Connected } from "./connect.ts";
import { type Backend, cut } from "./connection.ts";

/**
 * What can be seen of the server's process that has a call of ours. `working`: it is busy with it, or that cannot be told. `gone`: it is no more.
 * Else a text that stays the same for as long as the process does nothing for us.
 */
export type Sign = "working" | "gone" | `idle ${string}`;

/** Through a pooler nobody knows which process has the call: it is given up after so many looks. */
const blindLooks = 6;

/**
 * Looks after a call that is not answered. A busy server is waited for, however long. When its process does nothing for us, the answer was lost on the
 * road, or the call was: then the connection is cut, and the call fails as one of which nothing is known.
 */
export class CallWatch implements Disposable {
  readonly #connected: Connected;
  readonly #look: (backend: Backend) => Promise<Sign>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | null = null;
  #last: Sign = "working";
  #looks = 0;

  constructor(connected: Connected, look: (backend: Backend) => Promise<Sign>, everyMs: number) {
    this.#connected = connected;
    this.#look = look;
    this.#everyMs = everyMs;
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #lookLater(): void {
    const timer = setTimeout(() => {
      void this.#see().then((dead) => {
        // The call was answered while we looked.
        if (this.#timer !== timer) return;
        if (dead) cut(this.#connected.client);
        else this.#lookLater();
      });
    }, this.#everyMs);
    this.#timer = timer;
  }

  /** Has the call been lost? Twice the same sign says so: once, the answer may have been on its way. */
  async #see(): Promise<boolean> {
    const { backend } = this.#connected;
    this.#looks++;
    if (backend === null) return this.#looks >= blindLooks;
    const sign = await this.#look(backend);
    const dead = sign === "gone" || (sign !== "working" && sign === this.#last);
    this.#last = sign;
    return dead;
  }
}
