import type { RunEvent, RunRow, RunStatus, RunStore } from "@heddle/kernel";
import type { EngineOptions } from "heddle";
import { witnessFaults } from "../checks/check-witness.ts";
import { eventually } from "../clock/eventually.ts";
import { Witness } from "../witness/witness.ts";
import { ClusterNode } from "./cluster-node.ts";
import type { NodeSetting } from "./serve-node.ts";

export interface ClusterOptions {
  /** What its processes run: a file that calls `serveNode`. */
  readonly program: URL;
  /** Address of the store, given to each process. */
  readonly address: string;
  /** A connection of the test's own to the same store: the cluster closes it. */
  readonly store: RunStore;
  /** Path of a Unix socket for the witness, for processes that have a network of their own. Default: it is on the loopback interface. */
  readonly witnessPath?: string;
}

export interface NodeOptions extends EngineOptions {
  /** How far its wall clock is ahead. Milliseconds, default 0. */
  readonly skewMs?: number;
  /** Names of the workflows that it has code for. Default: all of the program. */
  readonly knows?: readonly string[];
  /** Begin of a command that starts its process, such as `ip netns exec NAME`, and becomes it. Default: none. */
  readonly within?: readonly string[];
}

/** Engines in processes of their own on one store, with a witness of what they do. Those that are left are killed when it is disposed of. */
export class Cluster implements AsyncDisposable {
  readonly witness: Witness;
  readonly store: RunStore;
  readonly #options: ClusterOptions;
  readonly #nodes: ClusterNode[] = [];
  readonly #kill = (): void => {
    for (const node of this.#nodes) if (node.alive) void node.kill();
  };

  private constructor(options: ClusterOptions, witness: Witness) {
    this.#options = options;
    this.store = options.store;
    this.witness = witness;
    process.once("exit", this.#kill);
  }

  /** Of its store. */
  get address(): string {
    return this.#options.address;
  }

  static async open(options: ClusterOptions): Promise<Cluster> {
    return new Cluster(options, await Witness.start(options.witnessPath));
  }

  /**
   * Start a process; resolves when its engine is open.
   *
   * @param name by which the witness knows it, and its engine too unless the options name another `node`
   */
  async start(name: string, { skewMs = 0, knows, within = [], ...options }: NodeOptions = {}): Promise<ClusterNode> {
    const { program, address } = this.#options;
    const setting: NodeSetting = {
      ...{ address, witness: this.witness.place, name, options: { node: name, ...options } },
      ...(knows === undefined ? null : { knows }),
    };
    const node = new ClusterNode(program, setting, { skewMs, within });
    this.#nodes.push(node);
    await node.ready;
    return node;
  }

  /** @throws when there is no such run */
  async row(runId: string): Promise<RunRow> {
    const row = await this.store.get(runId);
    if (row === null) throw new Error(`There is no run ${runId}.`);
    return row;
  }

  async journal(runId: string): Promise<readonly { readonly seq: number; readonly event: RunEvent }[]> {
    return (await this.store.readJournal(runId, 0)).map(({ seq, body }) => ({ seq, event: JSON.parse(body) as RunEvent }));
  }

  async untilStatus(runId: string, ...statuses: readonly RunStatus[]): Promise<void> {
    let row: RunRow | null = null;
    const reached = async (): Promise<boolean> => {
      row = await this.store.get(runId);
      return row !== null && statuses.includes(row.status);
    };
    await eventually(reached, `run ${runId} is ${statuses.join(" or ")}`).catch((error: unknown) => {
      throw new Error(`It is not so: ${JSON.stringify(row)}`, { cause: error });
    });
  }

  /** Kill what is left, and say what does not hold: see `witnessFaults`. */
  async faults(): Promise<string[]> {
    await this.#end();
    return witnessFaults(this.store, this.witness);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.removeListener("exit", this.#kill);
    await this.#end();
    await this.witness[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }

  async #end(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()));
  }
}
