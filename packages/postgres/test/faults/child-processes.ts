import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface TestChild {
  /** The rest of the next line that begins with this word. @throws when the process ends without having said it */
  said(word: string): Promise<string>;
  tell(line: string): void;
  kill(): void;
  ended(): Promise<void>;
}

/** Processes that run a file of the folder `children`; none outlives the test. */
export class ChildProcesses implements Disposable {
  readonly #file: string;
  readonly #children = new Set<ChildProcess>();

  constructor(file: string) {
    this.#file = join(import.meta.dirname, "../children", file);
  }

  start(...parameters: readonly string[]): TestChild {
    const child = spawn(process.execPath, [this.#file, ...parameters], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.add(child);
    // One that was killed hears nothing.
    child.stdin.on("error", () => {});
    const exit = once(child, "exit");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      async said(word) {
        for (;;) {
          const { done, value } = await lines.next();
          if (done === true) throw new Error(`The process ended before it said "${word}".`);
          if (value === word || value.startsWith(`${word} `)) return value.slice(word.length + 1);
        }
      },
      tell: (line) => void child.stdin.write(`${line}\n`),
      kill: () => void child.kill("SIGKILL"),
      ended: async () => void (await exit),
    };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }
}
