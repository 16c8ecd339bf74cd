import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openPostgresStore } from "@heddle/postgres";
import { Cluster, eventually, PostgresServer, storeAddress } from "@heddle/testing";
import pg from "pg";
import { PartedNetwork } from "./parted-network.ts";

const leaseMs = 1_000;
/** No test waits for it. */
const longLeaseMs = 600_000;
const problem = PartedNetwork.problem();

describe("a process in a network of its own that is parted from PostgreSQL, and healed", { skip: problem ?? false }, () => {
  let network: PartedNetwork;
  let server: PostgresServer;
  let folder: string;
  let clusters = 0;

  before(async () => {
    network = PartedNetwork.make();
    folder = mkdtempSync(join(tmpdir(), "heddle-parted-"));
    server = await PostgresServer.start({ settings: { listen_addresses: `127.0.0.1,${network.here}` } });
    appendFileSync(join(server.data, "pg_hba.conf"), `host all all ${network.both} trust\n`);
    const client = new pg.Client(server.address);
    await client.connect();
    await client.query("SELECT pg_reload_conf()");
    await client.end();
  });
  after(async () => {
    network[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(): Promise<Cluster> {
    network.heal();
    const name = `c${++clusters}`;
    const url = new URL(storeAddress(server.address, name));
    url.hostname = network.here;
    url.searchParams.set("sslmode", "disable");
    const store = await openPostgresStore({ url: storeAddress(server.address, name) });
    return Cluster.open({
      ...{ program: new URL("./node.ts", import.meta.url), address: url.href, store },
      // The witness sees everything: it is no part of the network.
      witnessPath: join(folder, name),
    });
  }

  test("case 10: parted past its lease while another takes its run over and ends it, it records nothing of what it lost, its code is told to stop, and it takes up new work", async () => {
    await using cluster = await open();
    const { witness } = cluster;
    const heldInA = witness.hold(({ node, run }) => node === "a" && run === "r");
    const heldInB = witness.hold(({ node, key }) => node === "b" && key === "after");
    const a = await cluster.start("a", { leaseMs, within: network.command });
    const b = await cluster.start("b", { leaseMs });
    await a.call("start", "every-kind", null, { id: "r" });
    await heldInA.until(2);

    network.part();
    await heldInB.until(1);
    // What it does meanwhile happens, and reaches nobody.
    heldInA.answer(({ key }) => key === "first");
    await b.call("signal", "r", "word", "given");
    heldInB.letGo();
    assert.deepEqual(await b.call("result", "r"), [7, "given"]);
    const journal = await cluster.journal("r");
    network.heal();
    await eventually(() => witness.aborted.some(({ node, key }) => node === "a" && key === "beside"), "its code is told to stop");
    heldInA.letGo();
    await b.terminate();
    await a.call("start", "chain", 3, { id: "other" });

    assert.equal(await a.call("result", "other"), 3, "it is of use again");
    assert.deepEqual(await cluster.journal("r"), journal);
    assert.deepEqual(
      witness.effectsOf("r").flatMap(({ node, key }) => (node === "a" ? [key] : [])),
      ["beside", "first"],
      "nothing began in it after it was parted",
    );
    assert.deepEqual(await cluster.faults(), []);
  });

  test("case 31: parted for less than its lease, it records what it did meanwhile when it is healed, and no other takes its run", async () => {
    await using cluster = await open();
    const { witness } = cluster;
    const held = witness.hold(({ key }) => key === "s0");
    const a = await cluster.start("a", { leaseMs: longLeaseMs, within: network.command });
    await cluster.start("b", { leaseMs });
    await a.call("start", "chain", 2, { id: "r" });
    await held.until(1);

    network.part();
    const sent = network.sent();
    held.letGo();
    await eventually(() => network.sent() > sent, "something has vanished");
    network.heal();

    assert.equal(await a.call("result", "r"), 2);
    assert.equal((await cluster.row("r")).epoch, 1);
    assert.deepEqual(
      witness.effectsOf("r").map(({ node, key }) => [node, key]),
      [
        ["a", "s0"],
        ["a", "s1"],
      ],
    );
    assert.deepEqual(await cluster.faults(), []);
  });
});
