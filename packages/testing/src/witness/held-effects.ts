import { eventually } from "../clock/eventually.ts";
import type { Order, WitnessedEffect } from "./said.ts";

/** Effects that have happened and whose steps wait to go on until the test lets them. */
export class HeldEffects {
  readonly #wanted: (effect: WitnessedEffect) => boolean;
  #waiting: { readonly effect: WitnessedEffect; readonly answer: (order: Order) => void }[] = [];
  #holding = true;

  constructor(wanted: (effect: WitnessedEffect) => boolean) {
    this.#wanted = wanted;
  }

  wants(effect: WitnessedEffect): boolean {
    return this.#holding && this.#wanted(effect);
  }

  add(effect: WitnessedEffect, answer: (order: Order) => void): void {
    this.#waiting.push({ effect, answer });
  }

  /** Those that wait, in the order in which they happened. */
  get effects(): WitnessedEffect[] {
    return this.#waiting.map(({ effect }) => effect);
  }

  /** Resolves when so many wait at once. */
  async until(count: number): Promise<void> {
    await eventually(() => this.#waiting.length >= count, `${count} effects wait to go on`);
  }

  /** Let those go on that are wanted; absent: all that wait now. */
  answer(wanted: (effect: WitnessedEffect) => boolean = () => true, order: Order = {}): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ effect }) => !wanted(effect));
    for (const { effect, answer } of waiting) if (wanted(effect)) answer(order);
  }

  /** Hold nothing any more. */
  letGo(): void {
    this.#holding = false;
    this.answer();
  }
}
