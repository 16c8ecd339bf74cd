import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "@heddle/kernel";
import type { Engine, EngineOptions } from "heddle";
import type { Command } from "../../src/cli/command.ts";
import type { Io, Screen } from "../../src/cli/io.ts";
import { commands } from "../../src/cli/command-list.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { styleOf } from "../../src/cli/text/style.ts";
import { openStore } from "../../src/engine/open.ts";
import { realClock } from "../../src/engine/real-clock.ts";

/** The time of day, and time that runs ten times as fast: what a command gives others time for takes a tenth. */
const hurried: Clock = {
  nowMs: () => realClock.nowMs(),
  monotonicMs: () => realClock.monotonicMs() * 10,
  after: (delayMs, call) => realClock.after(delayMs / 10, call),
};

export interface TestIoOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly screen?: Screen;
  /** Whether somebody sits at a keyboard. */
  readonly keyboard?: boolean;
  readonly open?: (url: string, options: EngineOptions) => Promise<Engine>;
}

/** The command line without a process: its words go in, what it prints is gathered. */
export class TestCli {
  readonly interruption = new AbortController();
  readonly detached: (readonly [args: readonly string[], logFile: string])[] = [];
  /** How often the command has waited for a time to pass. */
  timers = 0;
  out = "";
  err = "";
  readonly #options: TestIoOptions;
  #typed: ((input: string) => void) | null = null;
  #captured: ((text: string) => void) | null = null;

  constructor(options: TestIoOptions = {}) {
    this.#options = options;
  }

  run(...args: string[]): Promise<number> {
    return runCli(this.io(args), commands);
  }

  command(command: Command, ...args: string[]): Promise<number> {
    return command.run(this.io(args));
  }

  io(args: readonly string[]): Io {
    const { cwd, env, stdin, screen, keyboard, open } = this.#options;
    return {
      args,
      cwd: cwd ?? import.meta.dirname,
      env: env ?? {},
      program: "heddle",
      version: "1.2.3",
      node: process.versions.node,
      out: (text) => (screen === undefined ? (this.out += `${text}\n`) : screen.write(`${text}\n`.replaceAll("\n", "\r\n"))),
      err: (text) => (screen === undefined ? (this.err += `${text}\n`) : screen.write(`${text}\n`.replaceAll("\n", "\r\n"))),
      style: styleOf({ colour: false, unicode: true }),
      screen: screen ?? null,
      keyboard: keyboard
        ? {
            listen: (call) => {
              this.#typed = call;
              return { [Symbol.dispose]: () => (this.#typed = null) };
            },
          }
        : null,
      readStdin: () => Promise.resolve(stdin ?? ""),
      interrupted: this.interruption.signal,
      clock: { ...hurried, after: (delayMs, call) => hurried.after(delayMs, () => (this.timers++, call())) },
      open: open ?? (() => Promise.reject(new Error("This test opens no store."))),
      openStore: (url) => openStore(url, { clock: hurried }),
      capture: (receive) => {
        this.#captured = receive;
        return { [Symbol.dispose]: () => (this.#captured = null) };
      },
      detach: (childArgs, logFile) => {
        this.detached.push([childArgs, logFile]);
        return Promise.resolve(4711);
      },
    };
  }

  /** What user code prints while the command runs. */
  print(text: string): void {
    this.#captured?.(text);
  }

  get listening(): boolean {
    return this.#typed !== null;
  }

  /** Press keys once somebody listens for them. */
  async type(...inputs: string[]): Promise<void> {
    await until(() => this.#typed !== null);
    for (const input of inputs) this.#typed?.(input);
  }
}

/** Let the event loop turn until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 200_000; turns++) {
    if (await condition()) return;
    await turn();
  }
  throw new Error("It did not come to be.");
}
