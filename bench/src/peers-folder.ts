import { cp, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { runChild } from "./child-process.ts";
import { type Contestant, NotMeasured, type Parameters, runDriver, type Sample } from "./sample.ts";

/** Drivers of ours that run inside a peer's folder, where its packages are found. */
const ourDrivers = join(import.meta.dirname, "..", "peers");

/**
 * The peers live beside the repository and are not ours to write to: they are copied to a working folder, and their packages are installed
 * there, each when it is first measured.
 */
export class PeersFolder {
  readonly #source: string;
  readonly #working: string;
  readonly #progress: (text: string) => void;
  readonly #ready = new Map<string, Promise<string>>();

  /**
   * @param source folder of the peers; need not exist
   * @param working default: `HEDDLE_BENCH_PEERS`, or a folder among the system's temporary ones, kept for the next time
   */
  constructor(
    source: string,
    progress: (text: string) => void,
    working: string = process.env["HEDDLE_BENCH_PEERS"] ?? join(tmpdir(), "heddle-bench-peers"),
  ) {
    this.#source = source;
    this.#working = working;
    this.#progress = progress;
  }

  /** A contestant measured by a driver of ours, `bench/peers/DRIVER.mjs`. */
  driven(name: string, peer: string, driver: string, parameters: Parameters = {}): Contestant {
    return {
      name,
      optional: true,
      sample: async () => {
        const folder = await this.#prepared(peer);
        const own = join(folder, `heddle-${driver}.mjs`);
        await cp(join(ourDrivers, `${driver}.mjs`), own);
        return runDriver({ driver: own, parameters, cwd: folder });
      },
    };
  }

  /**
   * A contestant measured by the peer's own `bench.mjs`. It prints lines of `{ metric, value, unit, … }`.
   *
   * @param pick the sample from those lines; undefined when what it needs is not among them
   */
  own(
    name: string,
    peer: string,
    args: readonly string[],
    pick: (lines: readonly PeerLine[]) => Sample | undefined,
    limits: { timeoutMs?: number; runs?: number; env?: Readonly<Record<string, string>> } = {},
  ): Contestant {
    return {
      name,
      optional: true,
      sample: async () => {
        const folder = await this.#prepared(peer);
        const data = join(this.#working, ".data");
        await mkdir(data, { recursive: true });
        const end = await runChild({
          args: ["--expose-gc", "--no-warnings", "--max-old-space-size=8192", "bench.mjs", ...args],
          cwd: folder,
          env: { BENCH_RUNS: String(limits.runs ?? 1), BENCH_DATA: data, RESTATE_LOGGING: "ERROR", ...limits.env },
          timeoutMs: limits.timeoutMs ?? 120_000,
        });
        const lines = end.stdout
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .map((line) => JSON.parse(line) as PeerLine);
        const sample = pick(lines);
        if (sample === undefined)
          throw new NotMeasured(
            end.timedOut ? `${name} did not end in time` : `${name} gave no such figure: ${end.stderr.trim().split("\n").at(-1) ?? ""}`,
          );
        return sample;
      },
    };
  }

  #prepared(peer: string): Promise<string> {
    let ready = this.#ready.get(peer);
    if (ready === undefined) {
      ready = this.#prepare(peer);
      this.#ready.set(peer, ready);
    }
    return ready;
  }

  async #prepare(peer: string): Promise<string> {
    const from = join(this.#source, peer);
    if (!(await exists(from)))
      throw new NotMeasured(
        `the peers' folder (${basename(dirname(this.#source))}/${basename(this.#source)} beside the repository) is not on this machine`,
      );
    const folder = join(this.#working, peer);
    await mkdir(folder, { recursive: true });
    await cp(join(this.#source, "lib"), join(this.#working, "lib"), { recursive: true });
    for (const file of ["package.json", "package-lock.json", ".npmrc", "bench.mjs"])
      if (await exists(join(from, file))) await cp(join(from, file), join(folder, file));

    const wanted = await readFile(join(folder, "package.json"), "utf8");
    const stamp = join(folder, ".installed.json");
    if ((await exists(stamp)) && (await readFile(stamp, "utf8")) === wanted) return folder;
    this.#progress(`installing ${peer}`);
    const npm = process.env["npm_execpath"];
    const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    const end = await runChild({
      ...(npm === undefined ? { command: "npm", args: install } : { args: [npm, ...install] }),
      cwd: folder,
      env: {
        PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
        npm_config_workspaces: "",
        npm_config_prefix: "",
      },
      timeoutMs: 600_000,
    });
    if (end.code !== 0)
      throw new NotMeasured(`the packages of ${peer} could not be installed: ${end.stderr.trim().split("\n").at(0) ?? ""}`);
    await writeFile(stamp, wanted);
    return folder;
  }
}

/** A line of a peer's `bench.mjs`. */
export interface PeerLine {
  readonly metric?: string;
  readonly value?: number;
  readonly unit?: string;
  readonly [field: string]: unknown;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
