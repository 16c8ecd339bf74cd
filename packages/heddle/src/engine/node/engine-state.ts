import { HeddleError } from "@heddle/kernel";

/** Whether an engine may act: it is open, closing or closed; or its store has failed for good. */
export class EngineState {
  #phase: "open" | "closing" | "closed" = "open";
  #failure: HeddleError | null = null;

  /** Nothing is claimed and no run begins any more. */
  get closing(): boolean {
    return this.#phase !== "open";
  }

  /** What was under way had its time to end. */
  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** The first; once there is one, nothing that the store says counts. */
  get failure(): HeddleError | null {
    return this.#failure;
  }

  get works(): boolean {
    return this.#phase === "open" && this.#failure === null;
  }

  beginClosing(): void {
    this.#phase = "closing";
  }

  endClosing(): void {
    this.#phase = "closed";
  }

  fail(failure: HeddleError): void {
    this.#failure ??= failure;
  }

  /** @throws HeddleError `ENGINE_CLOSED`; the failure of the store */
  assertOpen(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#phase !== "open") throw new HeddleError("ENGINE_CLOSED", "The engine is closed: open a new one.");
  }
}
