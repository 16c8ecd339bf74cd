import { nameOfNode, type NodeRow } from "@heddle/kernel";
import { DutyTable } from "./duty-table.ts";
import type { MemoryNode } from "./memory-run.ts";

/** One that died or left longer ago is forgotten: 30 days, one day. */
const rememberDeadMs = 30 * 24 * 3_600_000;
const rememberLeftMs = 24 * 3_600_000;

/** The nodes of a store in memory. */
export class NodeTable {
  readonly #nodes = new Map<string, MemoryNode>();
  readonly #duties = new DutyTable();

  /** The node; a new one is noted, without a heartbeat. */
  get(name: string): MemoryNode {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = { name, untilMs: null, leaseMs: 0, owned: 0, info: null, seenAtMs: null, diedAtMs: null, leftAtMs: null };
      this.#nodes.set(name, node);
    }
    return node;
  }

  /** False: it was declared dead since its last heartbeat. */
  heartbeat(name: string, untilMs: number, nowMs: number): boolean {
    const node = this.get(name);
    const lived = node.diedAtMs === null;
    node.diedAtMs = null;
    node.leftAtMs = null;
    node.untilMs = untilMs;
    node.leaseMs = Math.max(0, untilMs - nowMs);
    if (untilMs > nowMs) node.seenAtMs = nowMs;
    return lived;
  }

  /** Declare those dead whose heartbeat ran out. Returns how many runs they and those without a heartbeat own. */
  bury(nowMs: number): number {
    let owned = 0;
    for (const node of this.#nodes.values()) {
      if (node.untilMs !== null && node.untilMs >= nowMs && node.untilMs - 2 * node.leaseMs <= nowMs) continue;
      if (node.untilMs !== null) node.diedAtMs = nowMs;
      node.untilMs = null;
      owned += node.owned;
      const forgotten =
        (node.diedAtMs !== null && node.diedAtMs < nowMs - rememberDeadMs) ||
        (node.leftAtMs !== null && node.leftAtMs < nowMs - rememberLeftMs);
      if (forgotten && node.owned === 0) this.#nodes.delete(node.name);
    }
    this.#duties.free((node) => node.diedAtMs !== null);
    return owned;
  }

  leave(name: string, nowMs: number): MemoryNode | null {
    const node = this.#nodes.get(name);
    if (node === undefined) return null;
    if (node.info === null && node.owned === 0) this.#nodes.delete(name);
    node.untilMs = null;
    node.diedAtMs = null;
    node.leftAtMs = nowMs;
    this.#duties.free((holder) => holder === node);
    return node;
  }

  describe(name: string, info: string): void {
    const node = this.get(name);
    node.info = info;
    node.leftAtMs = null;
  }

  /** False: another node's time for it is not over. */
  takeDuty(duty: string, name: string, untilMs: number, nowMs: number): boolean {
    const node = this.get(name);
    return node.diedAtMs === null && this.#duties.take(duty, node, untilMs, nowMs);
  }

  /** Whether one of the nodes that people gave this name lives. */
  lives(name: string, nowMs: number): boolean {
    for (const node of this.#nodes.values())
      if (node.untilMs !== null && node.untilMs >= nowMs && nameOfNode(node.name) === name) return true;
    return false;
  }

  rows(): NodeRow[] {
    return [...this.#nodes.values()]
      .flatMap((node) => {
        const { name, info, owned, seenAtMs, untilMs, diedAtMs, leftAtMs } = node;
        return info === null ? [] : [{ node: name, info, seenAtMs, untilMs, diedAtMs, leftAtMs, owned, duties: this.#duties.of(node) }];
      })
      .sort((one, other) => (one.node < other.node ? -1 : 1));
  }
}
