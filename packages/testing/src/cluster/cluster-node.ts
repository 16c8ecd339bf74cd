import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { eventually } from "../clock/eventually.ts";
import type { NodeCall, NodeMethod, NodeSetting } from "./serve-node.ts";

type FromNode =
  | { readonly ready: true }
  | { readonly call: number; readonly value?: unknown; readonly error?: { message: string; code?: string } };

/** A process with an engine in it. */
export class ClusterNode {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ready = Promise.withResolvers<void>();
  /** Code or signal that it ended with. */
  readonly ended: Promise<number | string>;
  #calls = 0;
  #stopped = false;

  /**
   * @param skewMs how far its wall clock is ahead
   * @param within begin of a command that starts the process and becomes it
   */
  constructor(program: URL, setting: NodeSetting, { skewMs, within }: { readonly skewMs: number; readonly within: readonly string[] }) {
    this.name = setting.name;
    const ahead = `const now=Date.now;Date.now=()=>now()+${skewMs}`;
    const [command = process.execPath, ...first] = within.length === 0 ? [] : [...within, process.execPath];
    this.#process = fork(program, [JSON.stringify(setting)], {
      execPath: command,
      execArgv: [...first, ...(skewMs === 0 ? [] : [`--import=data:text/javascript,${encodeURIComponent(ahead)}`])],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (message: FromNode) => this.#hear(message));
    this.ended = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => {
        const error = new Error(`Node ${this.name} ended by ${signal ?? `code ${code}`}.`);
        this.#ready.reject(error);
        for (const open of this.#open.values()) open.reject(error);
        this.#open.clear();
        resolve(signal ?? code ?? 0);
      });
    });
    // Who asks is told; that it was killed is no error where nobody asks.
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when its engine is open. @throws when it ended before */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Have its engine do something. @throws what that threw, or that the process ended before it answered */
  call<T = unknown>(method: NodeMethod, ...parameters: readonly unknown[]): Promise<T> {
    const call = ++this.#calls;
    const open = Promise.withResolvers<unknown>();
    this.#open.set(call, open);
    // Somebody else may wait for it later, or nobody.
    open.promise.catch(() => {});
    this.#process.send({ call, method, parameters } satisfies NodeCall, (error) => {
      if (error !== null) open.reject(error);
    });
    return open.promise as Promise<T>;
  }

  /** SIGSTOP; resolves when it stands still. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#process.kill("SIGSTOP");
    if (process.platform !== "linux") return;
    await eventually(() => stateOf(this.#process.pid) === "T", `process ${this.name} stands still`);
  }

  /** SIGCONT */
  resume(): void {
    this.#stopped = false;
    this.#process.kill("SIGCONT");
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.alive) this.#process.kill("SIGKILL");
    await this.ended;
  }

  /** SIGTERM: it closes its engine. Resolves with its code. */
  async terminate(): Promise<number | string> {
    this.#process.kill("SIGTERM");
    return this.ended;
  }

  #hear(message: FromNode): void {
    if ("ready" in message) {
      this.#ready.resolve();
      return;
    }
    const { call, value, error } = message;
    const open = this.#open.get(call);
    this.#open.delete(call);
    if (error === undefined) open?.resolve(value);
    else open?.reject(Object.assign(new Error(error.message), error.code === undefined ? {} : { code: error.code }));
  }
}

/** As the kernel has it: `T` stands still. */
function stateOf(pid: number | undefined): string | undefined {
  // PID (COMMAND) STATE …, and the command may hold anything.
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];
}
