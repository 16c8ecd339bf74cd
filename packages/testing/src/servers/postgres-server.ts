import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type PostgresInstallation, postgresInstallations } from "./postgres-installations.ts";

export interface PostgresServerOptions {
  /** Default: the newest on this machine. */
  readonly installation?: PostgresInstallation;
  /** Of the server, such as `{ max_connections: "20" }`. Default: `fsync` is off. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A user that is not root: PostgreSQL refuses to run as root. */
const nobody = 65534;

/**
 * A PostgreSQL server of one's own in a temporary folder, on a free port of the loopback interface. It ends with the process that started it.
 *
 * @throws an Error, when there is no PostgreSQL on this machine or it does not start
 */
export class PostgresServer implements AsyncDisposable {
  readonly version: number;
  readonly port: number;
  /** Folder of the server's data. */
  readonly data: string;
  readonly #folder: string;
  readonly #bin: string;
  readonly #options: readonly string[];
  #server: ChildProcess;
  #schemas = 0;

  private constructor(version: number, port: number, folder: string, bin: string, options: readonly string[], server: ChildProcess) {
    this.version = version;
    this.port = port;
    this.data = join(folder, "data");
    this.#folder = folder;
    this.#bin = bin;
    this.#options = options;
    this.#server = server;
  }

  static async start({ installation = postgresInstallations()[0], settings = {} }: PostgresServerOptions = {}): Promise<PostgresServer> {
    if (installation === undefined)
      throw new Error("There is no PostgreSQL on this machine: install one, or run npm ci without --omit=optional.");
    const folder = mkdtempSync(join(tmpdir(), "heddle-postgres-"));
    if (isRoot()) chownSync(folder, nobody, nobody);
    const bin = reachable(installation.bin, folder);
    const data = join(folder, "data");
    const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "heddle", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], {
      ...user(folder),
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`initdb of PostgreSQL ${installation.version}: ${made.error?.message ?? made.stderr}`);
    const port = await freePort();
    const all = { fsync: "off", ...settings };
    const options = [
      ...["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"],
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ];
    const server = await launch(bin, options, folder);
    return new PostgresServer(installation.version, port, folder, bin, options, server);
  }

  /** Can `standby` make one? Not every installation brings the program for it. */
  get hasStandbys(): boolean {
    return existsSync(join(this.#bin, "pg_basebackup"));
  }

  /** A read replica of this server as it stands now, which follows it from here on. `SELECT pg_promote()` makes it a primary of its own. */
  async standby(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "heddle-postgres-"));
    if (isRoot()) chownSync(folder, nobody, nobody);
    const data = join(folder, "data");
    const from = ["-h", "127.0.0.1", "-p", String(this.port), "-U", "heddle"];
    const made = spawnSync(join(this.#bin, "pg_basebackup"), ["-D", data, "-R", "-X", "stream", "-c", "fast", ...from], {
      ...user(folder),
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`pg_basebackup of PostgreSQL ${this.version}: ${made.error?.message ?? made.stderr}`);
    const port = await freePort();
    const options = ["-D", data, "-p", String(port), "-k", folder, ...this.#options.slice(6)];
    return new PostgresServer(this.version, port, folder, this.#bin, options, await launch(this.#bin, options, folder));
  }

  /** Address of the database `postgres` as its superuser. */
  get address(): string {
    return `postgres://heddle@127.0.0.1:${this.port}/postgres`;
  }

  /** Address of a store that is not there yet: a schema of its own. */
  newAddress(): string {
    return storeAddress(this.address, `s${++this.#schemas}`);
  }

  /** Ends it at once, as a crash of the machine does but for the disk's cache. */
  async kill(): Promise<void> {
    await this.#end("QUIT");
  }

  /** Starts it again after `kill`. */
  async restart(): Promise<void> {
    this.#server = await launch(this.#bin, this.#options, this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("INT");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: "INT" | "QUIT"): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#server.once("exit", resolve));
    this.#server.ref();
    this.#server.stdin?.write(`${signal}\n`);
    await ended;
  }
}

/** The address with a schema for a store in it; statements of `ctx.transaction` find their tables there too. */
export function storeAddress(address: string, schema: string): string {
  const url = new URL(address);
  url.searchParams.set("schema", schema);
  url.searchParams.set("options", `-csearch_path=${schema}`);
  return url.href;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function user(folder: string): { readonly cwd: string; readonly uid?: number; readonly gid?: number } {
  return isRoot() ? { uid: nobody, gid: nobody, cwd: folder } : { cwd: folder };
}

/** Programs that the server's user can start: a copy, where they lie in a folder that only root may enter. */
function reachable(bin: string, folder: string): string {
  const tried = spawnSync(join(bin, "initdb"), ["--version"], user(folder));
  if (tried.status === 0) return bin;
  const copy = join(folder, "native");
  cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(copy, 0o755);
  return join(copy, "bin");
}

/** The server ends with its standard input: also when the process that started it is killed. The line that it reads names the signal. */
const watched =
  'bin=$1; shift; exec 3<&0; "$bin" "$@" & server=$!; { read -r how <&3; kill -s "${how:-QUIT}" "$server"; } & wait "$server"';

async function launch(bin: string, options: readonly string[], folder: string): Promise<ChildProcess> {
  const server = spawn("/bin/sh", ["-c", watched, "sh", join(bin, "postgres"), ...options], {
    ...user(folder),
    stdio: ["pipe", "ignore", "pipe"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`PostgreSQL ended: ${log}`)));
    server.stderr?.on("data", (text: Buffer) => {
      log = (log + text.toString()).slice(-10_000);
      if (/ready to accept (read-only )?connections/.test(log)) resolve();
    });
  });
  // By itself it keeps no process alive.
  server.unref();
  for (const stream of [server.stdin, server.stderr]) (stream as unknown as Socket).unref();
  return server;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
