import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { Cluster, eventually, storeAddress, type ClusterNode } from "@heddle/testing";
import { openSqliteStore } from "heddle/internal";

const program = new URL("./node.ts", import.meta.url);
let schemas = 0;

/** What several processes share. */
export interface ClusterPlace {
  readonly name: string;
  /** On a store of its own. */
  open(): Promise<Cluster>;
  /** The cluster's store once more, as another process has it. */
  beside(cluster: Cluster): Promise<RunStore>;
  /** Let a process stand still where it holds up nobody else. */
  stop(cluster: Cluster, node: ClusterNode): Promise<void>;
}

const address = process.env["HEDDLE_POSTGRES"];

const postgres: ClusterPlace = {
  name: "PostgreSQL",
  async open() {
    const url = storeAddress(address ?? "", `c${process.pid}_${++schemas}`);
    return Cluster.open({ program, address: url, store: await openPostgresStore({ url }) });
  },
  beside: ({ address: url }) => openPostgresStore({ url }),
  stop: (_, node) => node.stop(),
};

const sqlite: ClusterPlace = {
  name: "one SQLite file",
  async open() {
    const folder = mkdtempSync(join(tmpdir(), "heddle-cluster-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "heddle.db");
    return Cluster.open({ program, address: `sqlite:${path}`, store: await openSqliteStore({ path, busyMs: 1 }) });
  },
  beside: ({ address: url }) => openSqliteStore({ path: url.slice("sqlite:".length) }),
  // One that stands still in the middle of a commit has locked the file, and nobody can go on before it does.
  stop: async ({ store }, node) =>
    eventually(async () => {
      await node.stop();
      try {
        await store.putBlob("free", "free");
        return true;
      } catch {
        node.resume();
        return false;
      }
    }, `process ${node.name} stands still between two commits`),
};

/** Where a server is: many nodes. Set by `npm test`. */
export const postgresPlaces: readonly ClusterPlace[] = address === undefined ? [] : [postgres];
export const clusterPlaces: readonly ClusterPlace[] = [...postgresPlaces, sqlite];
