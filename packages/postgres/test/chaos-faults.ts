import { eventually, type Cluster, type ClusterNode, type PostgresServer, type SeededRandom } from "@heddle/testing";
import pg from "pg";

const leaseMs = 1_000;
const everyMs = 1_000;
/** On a machine with much else to do a process takes seconds to start, and may meet a server that is down each time. */
const startMs = 120_000;
const kinds = ["kill", "kill", "stop", "stop", "cut one", "cut all", "restart"] as const;
type Kind = (typeof kinds)[number];

interface Place {
  node: ClusterNode;
  generation: number;
  /** Something is being done to it. */
  struck: boolean;
}

/** Three nodes and what happens to them and their server: one fault each second, drawn from a seed. */
export class ChaosFaults {
  readonly #cluster: Cluster;
  readonly #server: PostgresServer;
  readonly #random: SeededRandom;
  readonly #places: Place[] = [];
  readonly #under = new Set<Promise<void>>();
  readonly #counts = new Map<Kind, number>();
  #serverStruck = false;
  #done = 0;
  #asked = 0;

  private constructor(cluster: Cluster, server: PostgresServer, random: SeededRandom) {
    this.#cluster = cluster;
    this.#server = server;
    this.#random = random;
  }

  static async begin(cluster: Cluster, server: PostgresServer, random: SeededRandom): Promise<ChaosFaults> {
    const faults = new ChaosFaults(cluster, server, random);
    for (let index = 0; index < 3; index++) faults.#places.push({ node: await faults.#start(index, 1), generation: 1, struck: false });
    return faults;
  }

  /** One fault a second for so long. */
  async strike(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      this.#strike(this.#random.pick(kinds), this.#random.below(3), this.#random.next());
      this.#done = (second + 1) / seconds;
    }
  }

  /** Resolves when that share of the faults has happened. */
  async untilShare(share: number): Promise<void> {
    await eventually(() => this.#done >= share - 0.02, "chaos goes on", Number.POSITIVE_INFINITY);
  }

  /** Everything is whole again, and stays so. */
  async heal(): Promise<void> {
    await Promise.all(this.#under);
  }

  /** Have some node do something; another, for as long as it cannot. */
  async ask<T>(what: (node: ClusterNode) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      const { node, struck } = this.#places[this.#asked++ % this.#places.length]!;
      try {
        if (struck && node.alive && tries < 10) continue;
        // One that stands still does not answer: it is asked in vain, and so another is.
        return await Promise.race([what(node), late(3 * leaseMs)]);
      } catch (error) {
        if (tries === 1_000) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  report(): string {
    return [...this.#counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
  }

  #strike(kind: Kind, which: number, draw: number): void {
    const place = this.#places[which]!;
    if (kind === "kill" || kind === "stop") {
      if (place.struck) return;
    } else if (this.#serverStruck) return;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const under = this.#happen(kind, place, which, draw).finally(() => this.#under.delete(under));
    this.#under.add(under);
  }

  async #happen(kind: Kind, place: Place, which: number, draw: number): Promise<void> {
    switch (kind) {
      case "kill":
        place.struck = true;
        await place.node.kill();
        await pause(draw * 2 * leaseMs);
        await eventually(
          async () => {
            try {
              place.node = await this.#start(which, ++place.generation);
              return true;
            } catch {
              // The server may be down at the moment.
              return false;
            }
          },
          "a node is started again",
          startMs,
        );
        place.struck = false;
        break;
      case "stop":
        place.struck = true;
        await place.node.stop();
        await pause((1.2 + 2 * draw) * leaseMs);
        place.node.resume();
        place.struck = false;
        break;
      case "cut one":
      case "cut all":
        await this.#cut(kind === "cut one", draw);
        break;
      case "restart":
        this.#serverStruck = true;
        await this.#server.kill();
        await pause(draw * leaseMs);
        await this.#server.restart();
        this.#serverStruck = false;
        break;
      default:
        kind satisfies never;
    }
  }

  async #cut(one: boolean, draw: number): Promise<void> {
    const client = new pg.Client(this.#server.address);
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'heddle' ORDER BY pid",
      );
      const chosen = one ? rows.slice(Math.floor(draw * rows.length)).slice(0, 1) : rows;
      for (const { pid } of chosen) await client.query("SELECT pg_terminate_backend($1)", [pid]);
    } catch {
      // The server went away meanwhile: that is a fault too.
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** The engine is known by one name in all its lives; the witness tells them apart. */
  #start(which: number, generation: number): Promise<ClusterNode> {
    return this.#cluster.start(`n${which}.${generation}`, { node: `n${which}`, leaseMs, drainMs: 1_000 });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function late(ms: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  throw new Error(`no answer within ${ms} ms`);
}
