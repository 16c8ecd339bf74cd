import type { MemoryNode } from "./memory-run.ts";

interface Duty {
  readonly node: MemoryNode;
  readonly untilMs: number;
  /** For how long it was taken. */
  readonly leaseMs: number;
}

/** Who has which duty. A node that has left or died has none, whatever it took. */
export class DutyTable {
  readonly #duties = new Map<string, Duty>();

  take(name: string, node: MemoryNode, untilMs: number, nowMs: number): boolean {
    const held = this.#duties.get(name);
    if (held !== undefined && held.node !== node && held.untilMs >= nowMs && held.untilMs - 2 * held.leaseMs <= nowMs) return false;
    this.#duties.set(name, { node, untilMs, leaseMs: Math.max(0, untilMs - nowMs) });
    return true;
  }

  /** Those of nodes that are gone are free. */
  free(isGone: (node: MemoryNode) => boolean): void {
    for (const [name, { node }] of this.#duties) if (isGone(node)) this.#duties.delete(name);
  }

  of(node: MemoryNode): string[] {
    return [...this.#duties].flatMap(([name, duty]) => (duty.node === node ? [name] : [])).sort();
  }
}
