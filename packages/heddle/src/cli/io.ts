import type { Clock, RunStore } from "@heddle/kernel";
import type { Engine, EngineOptions } from "../engine/engine.ts";
import type { Style } from "./text/style.ts";

/** The world as a command sees it. `main.ts` makes it from the process; tests make it from arrays. */
export interface Io {
  /** What stands after the command's name. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How people call this program here: `heddle` or `npx heddle`. */
  readonly program: string;
  /** Version of the package. */
  readonly version: string;
  /** Version of Node that runs this. */
  readonly node: string;
  /** One or more whole lines for the reader or the next program. */
  out(text: string): void;
  /** One or more whole lines about what went wrong. */
  err(text: string): void;
  readonly style: Style;
  /** The screen; null when the output is no terminal, or one that cannot move its cursor. */
  readonly screen: Screen | null;
  /** The keys that a person presses; null when the input is no terminal. */
  readonly keyboard: Keyboard | null;
  /** All of standard input. */
  readStdin(): Promise<string>;
  /** Aborted by the first Ctrl-C or by a request to end; its reason is an Interruption. */
  readonly interrupted: AbortSignal;
  readonly clock: Clock;
  open(url: string, options: EngineOptions): Promise<Engine>;
  /** A store without an engine on it. */
  openStore(url: string): Promise<RunStore>;
  /** From here on, what other code writes to standard output or standard error comes here instead. */
  capture(receive: (text: string) => void): Disposable;
  /** Start this program again with these arguments, on its own, its output appended to a file. Returns its process id. */
  detach(args: readonly string[], logFile: string): Promise<number>;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Calls back when the size has changed. */
  onResize(call: () => void): Disposable;
}

export interface Keyboard {
  /** Calls back with what is typed, key by key, unechoed, until disposed. Ctrl-C goes to `Io.interrupted`, not here. */
  listen(call: (input: string) => void): Disposable;
}

/** Why `Io.interrupted` was aborted. */
export interface Interruption {
  readonly signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGPIPE";
  readonly exitCode: number;
}
