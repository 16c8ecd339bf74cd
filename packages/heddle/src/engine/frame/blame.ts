/** Which operations errors came from: what a retry of the run must do again. */
export class Blame {
  readonly #keys = new WeakMap<object, string>();

  /** An operation of this key ended with this error. */
  note(error: Error, key: string): void {
    this.#keys.set(error, key);
  }

  /** The operations that an error and its causes came from, nearest first. */
  of(error: unknown): string[] {
    const keys: string[] = [];
    const seen = new Set<unknown>();
    let at = [error];
    while (at.length > 0) {
      const further: unknown[] = [];
      for (const cause of at) {
        if (typeof cause !== "object" || cause === null || seen.has(cause)) continue;
        seen.add(cause);
        const key = this.#keys.get(cause);
        if (key !== undefined) keys.push(key);
        further.push((cause as Error).cause, ...((cause as AggregateError).errors ?? []));
      }
      at = further;
    }
    return keys;
  }
}
