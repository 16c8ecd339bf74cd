import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A user that is not root; PostgreSQL refuses to run as root. */
const nobody = 65534;

/** A server of our own in a temporary folder, on a free port, for one test file. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #server: ChildProcess;
  #databases = 0;

  private constructor(port: number, folder: string, server: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#server = server;
  }

  /** @param settings of the server, such as `{ max_connections: "20" }` */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const bin = binFolder();
    const folder = mkdtempSync(join(tmpdir(), "heddle-postgres-"));
    const root = process.getuid?.() === 0;
    if (root) chownSync(folder, nobody, nobody);
    const as = root ? { uid: nobody, gid: nobody, cwd: folder } : { cwd: folder };
    const data = join(folder, "data");
    const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "heddle", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], { ...as, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const port = await freePort();
    const all = { fsync: "off", ...settings };
    const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const server = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", ...options], { ...as, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on("data", (text: Buffer) => {
        log = (log + text.toString()).slice(-10_000);
        if (log.includes("ready to accept connections")) resolve();
      });
      server.once("exit", () => reject(new Error(`PostgreSQL ended: ${log}`)));
    });
    process.once("exit", () => server.kill("SIGKILL"));
    return new PostgresServer(port, folder, server);
  }

  /** Address of a store that is not there yet. */
  newAddress(): string {
    return `postgres://heddle@127.0.0.1:${this.port}/postgres?schema=s${++this.#databases}&options=-csearch_path%3Ds${this.#databases}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#server.once("exit", resolve));
    this.#server.kill("SIGINT");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function binFolder(): string {
  const base = "/usr/lib/postgresql";
  const installed = existsSync(base) ? readdirSync(base).map((version) => join(base, version, "bin")) : [];
  const found = [...installed.reverse(), ...(process.env["PATH"] ?? "").split(":")].find((folder) => existsSync(join(folder, "initdb")));
  if (found === undefined) throw new Error("There is no PostgreSQL on this machine.");
  return found;
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
