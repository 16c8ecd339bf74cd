import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HeddleError } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { PostgresServer } from "@heddle/testing";
import pg from "pg";

let server: PostgresServer;
let client: pg.Client;

before(async () => {
  server = await PostgresServer.start();
  client = new pg.Client(server.address);
  await client.connect();
});
after(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
});

/** What the server holds of ours and of others. */
async function held(): Promise<unknown> {
  const { rows } = await client.query(
    "SELECT nspname, relname FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY 1, 2",
  );
  return rows;
}

async function refusal(url: string): Promise<HeddleError> {
  const before = await held();
  const error = await openPostgresStore({ url }).then(
    async (store) => {
      await store[Symbol.asyncDispose]();
      return assert.fail(`${url} was opened`);
    },
    (refused: unknown) => refused,
  );
  assert.ok(error instanceof HeddleError, String(error));
  assert.deepEqual(await held(), before, "nothing was changed on the server");
  assert.match(error.message, /^[^\n]+[^.]\.?$/u, "one line");
  assert.doesNotMatch(error.message, /s3cret/u, "no password in it");
  return error;
}

/** The address with another user, database, or option. */
function changed(change: (url: URL) => void): string {
  const url = new URL(server.address);
  change(url);
  return url.href;
}

describe("an address that leads to no store", () => {
  test("what is no URL, or has options that nobody knows, is told before anything is asked", async () => {
    for (const [url, says] of [
      ["postgres//nowhere", /is no URL/],
      [changed((at) => at.searchParams.set("schema", "My Schema")), /schema "My Schema"/],
      [changed((at) => at.searchParams.set("sslmod", "require")), /option "sslmod", which is unknown: there are schema, cluster, sslmode/],
      [changed((at) => at.searchParams.set("sslmode", "prefer")), /sslmode=prefer, which is not supported/],
      [
        changed((at) => at.searchParams.set("sslmode", "require")).concat("&sslrootcert=/nowhere/ca.pem"),
        /cannot be read: \/nowhere\/ca\.pem/,
      ],
      ["postgres://app:100%@localhost/postgres", /write it as %25/],
    ] as const) {
      const error = await refusal(url);
      assert.equal(error.code, "STORE_URL_INVALID", url);
      assert.match(error.message, says);
    }
  });

  test("nobody listens there", async () => {
    const error = await refusal(changed((at) => void (at.port = "1")));

    assert.equal(error.code, "STORE_UNAVAILABLE");
    assert.match(error.message, /^PostgreSQL at 127\.0\.0\.1:1\/postgres does not answer: connect ECONNREFUSED/);
  });

  test("no such database, no such user", async () => {
    const database = await refusal(changed((at) => void (at.pathname = "/nowhere")));
    assert.equal(database.code, "STORE_REFUSED");
    assert.match(database.message, /no such database .*: make it with createdb, or correct the address\.$/);

    const user = await refusal(changed((at) => void (at.username = "nobody")));
    assert.equal(user.code, "STORE_REFUSED");
    assert.match(user.message, /does not let this user in .*"nobody"/);
  });

  test("a wrong password, and none", async () => {
    await client.query("CREATE ROLE guarded LOGIN PASSWORD 's3cret'; GRANT CREATE ON DATABASE postgres TO guarded");
    const file = join(server.data, "pg_hba.conf");
    writeFileSync(file, `host all guarded 127.0.0.1/32 scram-sha-256\n${readFileSync(file, "utf8")}`);
    await client.query("SELECT pg_reload_conf()");
    const as = (password: string): string =>
      changed((at) => {
        at.username = "guarded";
        at.password = password;
        at.searchParams.set("schema", "guarded");
      });

    const wrong = await refusal(as("s3cret-not"));
    assert.equal(wrong.code, "STORE_REFUSED");
    assert.match(wrong.message, /does not let this user in \(password authentication failed for user "guarded"\): check user, password/);
    const none = await refusal(as(""));
    assert.equal(none.code, "STORE_REFUSED");
    assert.match(none.message, /asks for a password, and the address has none/);
    await (await openPostgresStore({ url: as("s3cret") }))[Symbol.asyncDispose]();
  });

  test("a user without the right to make a schema is told so, and is served once one was made for it", async () => {
    await client.query("CREATE ROLE poor LOGIN");
    const url = changed((at) => {
      at.username = "poor";
      at.searchParams.set("schema", "poor");
    });

    const error = await refusal(url);
    assert.equal(error.code, "STORE_REFUSED");
    assert.match(error.message, /permission denied for database postgres\): grant it CREATE on the database/);

    await client.query("CREATE SCHEMA poor AUTHORIZATION poor");
    await (await openPostgresStore({ url }))[Symbol.asyncDispose]();
  });

  test("a store of another user", async () => {
    const url = server.newAddress();
    await (await openPostgresStore({ url }))[Symbol.asyncDispose]();
    await client.query("CREATE ROLE stranger LOGIN");
    const other = new URL(url);
    other.username = "stranger";

    const error = await refusal(other.href);
    assert.equal(error.code, "STORE_REFUSED");
    assert.match(error.message, /permission denied for schema/);
  });

  test("somebody else's tables in the schema, and a store of a newer Heddle", async () => {
    await client.query("CREATE SCHEMA theirs; CREATE TABLE theirs.run (id integer)");
    const theirs = await refusal(changed((at) => at.searchParams.set("schema", "theirs")));
    assert.equal(theirs.code, "STORE_NOT_A_STORE");
    assert.match(theirs.message, /The schema "theirs" at .* holds somebody else's tables\. Name another in the address: \?schema=NAME\.$/);

    const url = server.newAddress();
    await (await openPostgresStore({ url }))[Symbol.asyncDispose]();
    await client.query(`UPDATE "${new URL(url).searchParams.get("schema")}".heddle_store SET version = 1000`);
    const newer = await refusal(url);
    assert.equal(newer.code, "STORE_NEWER");
    assert.match(newer.message, /written by a newer Heddle \(schema 1000; this one knows \d+\)\. Install the newer version\.$/);
  });

  test("a store that is another cluster's", async () => {
    const url = server.newAddress();
    const of = (cluster: string): string => `${url}&cluster=${cluster}`;
    await using unnamed = await openPostgresStore({ url });
    await (await openPostgresStore({ url: of("production") }))[Symbol.asyncDispose]();
    await unnamed.putBlob("hash", "theirs");

    const other = await refusal(of("staging"));
    assert.equal(other.code, "STORE_OTHER_CLUSTER");
    assert.match(
      other.message,
      /is the store of the cluster "production", and the address names "staging": give it another schema, .* \?cluster=production\.$/,
    );
    const none = await refusal(url);
    assert.equal(none.code, "STORE_OTHER_CLUSTER");
    assert.match(none.message, /"production", and the address names none/);
    await using again = await openPostgresStore({ url: of("production") });
    assert.equal(await again.getBlob("hash"), "theirs");
    assert.equal((await refusal(of("no%20name"))).code, "STORE_URL_INVALID");
  });

  test("a database that has not every letter", async () => {
    await client.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");

    const error = await refusal(changed((at) => void (at.pathname = "/latin")));
    assert.equal(error.code, "STORE_UNSUPPORTED");
    assert.match(error.message, /is encoded in LATIN1, which has not every letter: make another, with createdb -E UTF8/);
  });
});

describe("TLS", () => {
  const withMode = (mode: string, root?: string): string =>
    changed((at) => {
      at.hostname = "localhost";
      at.searchParams.set("sslmode", mode);
      at.searchParams.set("schema", "tls");
      if (root !== undefined) at.searchParams.set("sslrootcert", root);
    });

  test("demanded of a server that has none is refused", async () => {
    const error = await refusal(withMode("require"));

    assert.equal(error.code, "STORE_REFUSED");
    assert.match(error.message, /speaks no TLS, and the address demands it: set ssl = on/);
  });

  test("a certificate that nobody trusted has signed is refused, but where the address says otherwise or names it", async () => {
    const [key, certificate] = [join(server.data, "server.key"), join(server.data, "server.crt")];
    const subject = ["-subj", "/CN=elsewhere", "-addext", "subjectAltName=DNS:elsewhere"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate, ...subject],
      {
        stdio: "ignore",
      },
    );
    const { uid, gid } = statSync(server.data);
    for (const file of [key, certificate]) chownSync(file, uid, gid);
    appendFileSync(join(server.data, "postgresql.conf"), "\nssl = on\n");
    await client.query("SELECT pg_reload_conf()");

    const self = await refusal(withMode("verify-full"));
    assert.equal(self.code, "STORE_REFUSED");
    assert.match(self.message, /is not trusted \(self-signed certificate\): name its authority with sslrootcert=FILE/);
    const another = await refusal(withMode("verify-full", certificate));
    assert.equal(another.code, "STORE_REFUSED");
    assert.match(another.message, /is not trusted \(.*elsewhere.*\)/);
    for (const url of [withMode("require"), withMode("verify-ca", certificate)]) {
      const store = await openPostgresStore({ url });
      const { rows } = await client.query(
        "SELECT count(*)::integer AS sealed FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl",
      );
      assert.ok((rows[0] as { sealed: number }).sealed > 0);
      await store[Symbol.asyncDispose]();
    }
  });
});
