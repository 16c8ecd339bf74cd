import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

const longestMs = 60_000;

export interface BlockEnd {
  /** Null: it ended well. */
  readonly fault: string | null;
}

/** Runs the blocks of one page, one after the other. What they leave running in the background goes on for the blocks behind, and ends with the page. */
export class PageShell implements Disposable {
  readonly #groups: number[] = [];

  async run(folder: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<BlockEnd> {
    // A file and no pipe: who is left in the background would hold a pipe open.
    const log = join(folder, `${args.at(-1)}.log`);
    const output = openSync(log, "w");
    const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", output, output], detached: true });
    closeSync(output);
    if (child.pid !== undefined) this.#groups.push(child.pid);
    const timer = setTimeout(() => end(child.pid), longestMs);
    const fault = await new Promise<string | null>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(code === 0 ? null : `ended with ${code ?? signal}`));
    });
    clearTimeout(timer);
    return { fault: fault === null ? null : `${fault}\n${readFileSync(log, "utf8")}` };
  }

  [Symbol.dispose](): void {
    for (const group of this.#groups) end(group);
  }
}

function end(group: number | undefined): void {
  if (group === undefined) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
