import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const prefix = "heddle";
/** Of a range that is for tests of networks, and is routed nowhere: four addresses for each process. */
const range = [198, 18];

/**
 * A network of two ends inside this machine: one with us, one in a namespace of its own, and between them, in a third, a bridge that can be taken away. Both
 * ends stay up then, and what they send vanishes. Everything of it goes with the process that made it, or when the next one is made.
 */
export class PartedNetwork implements Disposable {
  /** Address of our end. */
  readonly here: string;
  /** Both ends, as PostgreSQL's `pg_hba.conf` writes it. */
  readonly both: string;
  /** Begin of the command that runs another at the far end. */
  readonly command: readonly string[];
  readonly #far: string;
  readonly #road: string;
  readonly #ours: string;
  readonly #remove = (): void => {
    // A namespace goes some time after it was deleted, and what is in it.
    ip("link", "del", this.#ours);
    for (const name of [this.#far, this.#road]) ip("netns", "del", name);
  };

  private constructor() {
    const id = process.pid;
    this.#far = `${prefix}-${id}-far`;
    this.#road = `${prefix}-${id}-road`;
    const first = (id * 4) % 65_536;
    const address = (offset: number): string => [...range, first >> 8, (first & 255) + offset].join(".");
    this.here = address(1);
    this.both = `${address(0)}/30`;
    this.command = ["ip", "netns", "exec", this.#far];
    this.#ours = `hd${id}`;
    process.once("exit", this.#remove);
    try {
      must("netns", "add", this.#far);
      must("netns", "add", this.#road);
      must("link", "add", this.#ours, "type", "veth", "peer", "name", "here", "netns", this.#road);
      must("link", "add", "end", "netns", this.#far, "type", "veth", "peer", "name", "far", "netns", this.#road);
      must("-n", this.#road, "link", "add", "bridge", "type", "bridge");
      for (const name of ["here", "far"]) must("-n", this.#road, "link", "set", name, "master", "bridge", "up");
      this.heal();
      must("address", "add", `${this.here}/30`, "dev", this.#ours);
      must("link", "set", this.#ours, "up");
      must("-n", this.#far, "address", "add", `${address(2)}/30`, "dev", "end");
      for (const name of ["lo", "end"]) must("-n", this.#far, "link", "set", name, "up");
      const tried = spawnSync("ip", [...this.command.slice(1), "true"], { encoding: "utf8" });
      if (tried.status !== 0) throw new Error(`ip netns exec: ${tried.stderr}`);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Why there can be none on this machine; null: there can. */
  static problem(): string | null {
    if (process.platform !== "linux") return "only Linux has network namespaces";
    if (process.getuid?.() !== 0) return "only root may make network namespaces";
    try {
      new PartedNetwork()[Symbol.dispose]();
      return null;
    } catch (error) {
      return `no network namespaces can be made here: ${(error as Error).message.trim()}`;
    }
  }

  static make(): PartedNetwork {
    for (const name of (ip("netns", "list").stdout ?? "").matchAll(new RegExp(`^(${prefix}-(\\d+)-\\w+)`, "gmu")))
      if (!existsSync(`/proc/${name[2]}`)) ip("netns", "del", name[1] ?? "");
    return new PartedNetwork();
  }

  /** From now on nothing comes through, and nobody is told. */
  part(): void {
    must("-n", this.#road, "link", "set", "bridge", "down");
  }

  heal(): void {
    must("-n", this.#road, "link", "set", "bridge", "up");
  }

  /** How many packets the far end has sent so far, also those that vanished. */
  sent(): number {
    const { stdout = "" } = ip("-n", this.#road, "-s", "-j", "link", "show", "far");
    const [link] = JSON.parse(stdout) as readonly { readonly stats64: { readonly rx: { readonly packets: number } } }[];
    return link?.stats64.rx.packets ?? 0;
  }

  [Symbol.dispose](): void {
    process.removeListener("exit", this.#remove);
    this.#remove();
  }
}

function ip(...words: readonly string[]): { readonly status: number | null; readonly stdout?: string; readonly stderr?: string } {
  return spawnSync("ip", words, { encoding: "utf8" });
}

function must(...words: readonly string[]): void {
  const { status, stderr } = ip(...words);
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr ?? "there is no such program"}`);
}
