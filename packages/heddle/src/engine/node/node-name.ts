import { HeddleError, nameOfNode, type NodeRow, nodeStatus } from "@heddle/kernel";
import type { NodeHost } from "../node-host.ts";
import { isGone, processName } from "../process-name.ts";
import { type NodeInfo, readInfo } from "./node-directory.ts";

/** Whether the holder of a name still lives is looked for so often. */
const lookMs = 250;

/**
 * This node's entry in the store's register, under a name that no other living process has.
 *
 * A name that was given may be held: by a process that was killed or stopped and whose lease still runs, or by one that lives. The first gives no further
 * sign of life; the second does, and keeps the name. Which runs are whose does not depend on it: in the store each engine's name has a part of its own.
 */
export class NodeName {
  readonly #host: NodeHost;
  readonly #process: string;
  readonly #beganAtMs: number;

  constructor(host: NodeHost) {
    this.#host = host;
    this.#process = processName("");
    this.#beganAtMs = host.clock.nowMs();
  }

  /**
   * Take the name, before the first sign of life. Takes as long as the lease of a holder that is gone, where that cannot be told otherwise.
   *
   * @throws HeddleError `NODE_NAME_TAKEN`
   */
  async take(): Promise<void> {
    const { clock, options } = this.#host;
    if (options.node !== undefined) {
      const first = new Map<string, number | null>();
      for (let holders = await this.#holders(); holders.length > 0; holders = await this.#holders()) {
        for (const { node, info, seenAtMs } of holders) {
          if (first.has(node) && first.get(node) !== seenAtMs) throw taken(nameOfNode(node), readInfo(info).process ?? node);
          first.set(node, seenAtMs);
        }
        const left = holders.map(({ untilMs }) => (untilMs ?? 0) - clock.nowMs() + 1);
        await new Promise<void>((resolve) => void clock.after(Math.min(lookMs, Math.max(1, ...left)), resolve));
      }
    }
    await this.say();
  }

  /** Say what this node is, as it is by now. */
  say(): Promise<void> {
    const { node, store, registry, options } = this.#host;
    const { queues, capabilities, concurrency } = options;
    const info: NodeInfo = {
      process: this.#process,
      beganAtMs: this.#beganAtMs,
      queues,
      capabilities,
      workflows: registry.names(),
      concurrency,
    };
    return store.describeNode(node, JSON.stringify(info));
  }

  /** Others of this name whose lease holds, and who may live. */
  async #holders(): Promise<NodeRow[]> {
    const { node, store, clock } = this.#host;
    const nowMs = clock.nowMs();
    return (await store.nodes()).filter(
      (row) =>
        row.node !== node &&
        row.untilMs !== null &&
        nameOfNode(row.node) === nameOfNode(node) &&
        ["live", "stale"].includes(nodeStatus(row, nowMs)) &&
        !isGone(readInfo(row.info).process ?? row.node),
    );
  }
}

function taken(name: string, holder: string): HeddleError {
  return new HeddleError(
    "NODE_NAME_TAKEN",
    `Another living process is node "${name}" of this store (${holder}): give this one another name, or leave the option out.`,
    { data: { node: name, holder } },
  );
}
