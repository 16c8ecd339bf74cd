import {
  type Capabilities,
  defaultQueue,
  HeddleError,
  nameOfNode,
  type NodeRow,
  nodeStatus,
  type Placement,
  readPlacement,
  whyNot,
} from "@heddle/kernel";
import type { Demand } from "../demand.ts";
import type { NodeSummary } from "../engine.ts";
import type { NodeHost } from "../node-host.ts";

/** A node that has been gone for longer does not come back, as far as a start can know. */
const rememberedMs = 24 * 3_600_000;

/** The nodes that the store knows: what they offer, and whether any could take a run. */
export class NodeDirectory {
  readonly #host: NodeHost;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** Whether a run of this demand may be claimed for this node as it is made: nothing has to be counted or waited for. */
  takesAtOnce(demand: Demand): boolean {
    const { queues, capabilities } = this.#host.options;
    if (!queues.includes(demand.queue)) return false;
    if (demand.placement === null) return true;
    const placement = readPlacement(demand.placement) as Placement;
    const prefer = placement.nodes?.prefer;
    const name = nameOfNode(this.#host.node);
    if (placement.maxPerNode !== undefined || (prefer !== undefined && !prefer.includes(name))) return false;
    return whyNot(placement, capabilities, name) === null;
  }

  /** Whether this node could ever take a run of this demand. */
  couldTake(demand: Demand): boolean {
    const { queues, capabilities } = this.#host.options;
    const self = { name: nameOfNode(this.#host.node), queues, capabilities };
    return reasonNot(readPlacement(demand.placement), demand.queue, self) === null;
  }

  /** Live ones first, then by name. */
  async all(): Promise<readonly NodeSummary[]> {
    const nowMs = this.#host.clock.nowMs();
    const nodes = (await this.#host.store.nodes()).map((row) => summaryOf(row, nowMs));
    return nodes.sort((one, other) => rank(one) - rank(other) || (one.node < other.node ? -1 : 1));
  }

  /** Why no node that the store knows could ever take a run: a `PLACEMENT_IMPOSSIBLE`. Null: some could. */
  async impossible(workflow: string, demand: Demand): Promise<HeddleError | null> {
    const sinceMs = this.#host.clock.nowMs() - rememberedMs;
    const recent = (await this.all()).filter(({ goneAtMs }) => goneAtMs === undefined || goneAtMs >= sinceMs);
    return impossibleFor(workflow, demand, recent);
  }

  /** Those that are not dead and have not left. */
  async living(): Promise<readonly NodeSummary[]> {
    return (await this.all()).filter(isHere);
  }
}

/** Why none of these nodes could ever take a run: a `PLACEMENT_IMPOSSIBLE`. Null: some could. */
export function impossibleFor(workflow: string, demand: Demand, nodes: readonly NodeSummary[]): HeddleError | null {
  const { queue } = demand;
  const placement = readPlacement(demand.placement);
  const reasons: Record<string, string> = {};
  for (const node of nodes) {
    const reason = reasonNot(placement, queue, node);
    if (reason === null) return null;
    reasons[node.name] = reason;
  }
  const serving = nodes.filter(({ queues }) => queues.includes(queue));
  const [first] = serving;
  const others = serving.length - 1;
  const message =
    first === undefined
      ? `No node serves queue "${queue}", so no run of "${workflow}" can run there: start one with heddle worker FILE --queue ${queue}, or open(…, { queues: ["${queue}"] }).`
      : `No node that serves queue "${queue}" can take a run of "${workflow}": ${first.name} ${reasons[first.name]}${others === 0 ? "" : `, and ${others} more fit as little`}. Start a node that fits, or change the placement.`;
  return new HeddleError("PLACEMENT_IMPOSSIBLE", message, { data: { queue, placement, nodes: reasons } });
}

/** Why a node could never take runs of a placement and queue, in words that follow its name; null: it could. */
export function reasonNot(
  placement: Placement | null,
  queue: string,
  { name, queues, capabilities }: { readonly name: string; readonly queues: readonly string[]; readonly capabilities: Capabilities },
): string | null {
  if (!queues.includes(queue)) return `serves ${queues.map((each) => `"${each}"`).join(", ") || "no queue"}, not "${queue}"`;
  return whyNot(placement, capabilities, name);
}

/** What a node says of itself, in the store's register. */
export interface NodeInfo {
  /** Which process it is, for those on its machine. */
  readonly process: string;
  readonly beganAtMs: number;
  readonly queues: readonly string[];
  readonly capabilities: Capabilities;
  /** As claims name them. */
  readonly workflows: readonly string[];
  readonly concurrency: number;
}

function summaryOf(row: NodeRow, nowMs: number): NodeSummary {
  const info = readInfo(row.info);
  const status = nodeStatus(row, nowMs);
  const goneAtMs = row.leftAtMs ?? row.diedAtMs;
  return {
    node: row.node,
    name: nameOfNode(row.node),
    status,
    beganAtMs: info.beganAtMs ?? 0,
    ...(row.seenAtMs === null ? null : { heartbeatAtMs: row.seenAtMs }),
    ...(row.untilMs === null ? null : { leaseUntilMs: row.untilMs }),
    ...(goneAtMs === null ? null : { goneAtMs }),
    queues: info.queues ?? [defaultQueue],
    capabilities: info.capabilities ?? {},
    workflows: info.workflows ?? [],
    concurrency: info.concurrency ?? 0,
    runs: row.owned,
    // One that is gone does nothing, also where nobody has taken over yet.
    duties: isHere({ status }) ? row.duties : [],
  };
}

// Another version of Heddle may have written it.
export function readInfo(text: string): Partial<NodeInfo> {
  try {
    return JSON.parse(text) as Partial<NodeInfo>;
  } catch {
    return {};
  }
}

function isHere({ status }: Pick<NodeSummary, "status">): boolean {
  return status === "live" || status === "stale";
}

function rank({ status }: NodeSummary): number {
  return ["live", "stale", "dead", "left"].indexOf(status);
}
