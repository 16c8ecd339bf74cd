import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Child {
  readonly process: ChildProcess;
  /** Lines of its standard output, as they come. */
  readonly lines: string[];
  /** Resolves with the first line, past or to come, that begins with this. */
  line(start: string): Promise<string>;
  /** Resolves when it has written so many lines. */
  linesReach(count: number): Promise<void>;
  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when it has ended, with its exit code. @throws when it wrote to standard error and failed */
  ended(): Promise<number | null>;
}

/** Start a program of the `children` folder; `wrapper` is a command that runs what follows it. */
export function runChild(
  program: string,
  args: readonly string[],
  options: { readonly wrapper?: readonly string[]; readonly env?: Record<string, string> } = {},
): Child {
  const [command, ...rest] = [
    ...(options.wrapper ?? []),
    process.execPath,
    new URL(`./children/${program}`, import.meta.url).pathname,
    ...args,
  ];
  const child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...options.env } });
  const lines: string[] = [];
  let waiting: {
    readonly isIt: (line: string) => boolean;
    readonly resolve: (line: string) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    for (const { isIt, resolve } of waiting) if (isIt(line)) resolve(line);
    waiting = waiting.filter(({ isIt }) => !isIt(line));
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  void closed.then((code) => {
    for (const { reject } of waiting) reject(new Error(`${program} ended with ${code} before it wrote what it should: ${errors}`));
    waiting = [];
  });
  const wait = (isIt: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const there = lines.find(isIt);
      if (there !== undefined) resolve(there);
      else if (child.exitCode !== null) reject(new Error(`${program} ended before it wrote what it should: ${errors}`));
      else waiting.push({ isIt, resolve, reject });
    });
  return {
    process: child,
    lines,
    line: (start) => wait((line) => line.startsWith(start)),
    linesReach: async (count) => void (await wait(() => lines.length >= count)),
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
    async ended() {
      const code = await closed;
      if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors}`);
      return code;
    },
  };
}
