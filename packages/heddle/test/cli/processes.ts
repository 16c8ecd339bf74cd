import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../bin/heddle.js", import.meta.url));

/** The path of a workflow in a fixture file, as a person types it. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

/** A folder in which real heddle processes run; what still lives at the end is killed by its id. */
export class Workshop implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "heddle-cli-"));
  readonly #children = new Set<HeddleProcess>();

  /** Start `heddle` with these words. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): HeddleProcess {
    const { npm_execpath: _, NO_COLOR: __, FORCE_COLOR: ___, HEDDLE_STORE: ____, ...rest } = process.env;
    const child = new HeddleProcess(
      spawn(process.execPath, [program, ...args], { cwd: this.folder, env: { ...rest, ...env }, stdio: ["ignore", "pipe", "pipe"] }),
    );
    this.#children.add(child);
    return child;
  }

  /** Run `heddle` to its end. */
  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<HeddleProcess> {
    const child = this.start(args, env);
    await child.ended;
    return child;
  }

  /** Lines of a file in the folder; none if it is not there. */
  lines(name: string): readonly string[] {
    try {
      return readFileSync(join(this.folder, name), "utf8").trim().split("\n");
    } catch {
      return [];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class HeddleProcess {
  readonly #child: ChildProcess;
  readonly #news = new Set<() => void>();
  readonly ended: Promise<number | null>;
  out = "";
  err = "";
  code: number | null = null;
  signal: string | null = null;
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    const gather = (to: "out" | "err") => (chunk: Buffer) => {
      this[to] += chunk.toString();
      for (const call of this.#news) call();
    };
    child.stdout?.on("data", gather("out"));
    child.stderr?.on("data", gather("err"));
    this.ended = once(child, "close").then(([code, signal]: unknown[]) => {
      this.#over = true;
      this.code = code as number | null;
      this.signal = signal as string | null;
      for (const call of this.#news) call();
      return this.code;
    });
  }

  /** Wait until it has printed this. */
  async until(printed: string): Promise<void> {
    while (!this.out.includes(printed)) {
      if (this.#over)
        throw new Error(
          `It ended with ${this.code ?? this.signal} before it printed ${JSON.stringify(printed)}:\n${this.out}\n${this.err}`,
        );
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#news.add(resolve);
      await promise;
      this.#news.delete(resolve);
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.#over) this.#child.kill(signal);
    if (signal === "SIGKILL") await this.ended;
  }

  /** What it printed as JSON, line by line. */
  get json(): readonly Record<string, unknown>[] {
    return this.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
