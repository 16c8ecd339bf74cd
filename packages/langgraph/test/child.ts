import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** A program of `children` in a process of its own. */
export class Child {
  readonly process: ChildProcess;
  readonly #closed: Promise<number | null>;
  #said = "";
  #errors = "";

  constructor(program: string, ...args: readonly string[]) {
    this.process = spawn(process.execPath, [join(import.meta.dirname, "children", program), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process.stdout?.on("data", (chunk) => (this.#said += String(chunk)));
    this.process.stderr?.on("data", (chunk) => (this.#errors += String(chunk)));
    this.#closed = new Promise((resolve) => this.process.once("close", (code) => resolve(code)));
  }

  get said(): string {
    return this.#said;
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#closed;
  }

  /** Waits for its end, which must be a good one. */
  async end(): Promise<string> {
    const code = await this.#closed;
    if (code !== 0) throw new Error(`It ended with ${String(code)}:\n${this.#errors}`);
    return this.#said;
  }
}
