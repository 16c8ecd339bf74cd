import { spawn, type ChildProcess } from "node:child_process";

export interface RunChildOptions {
  readonly command?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The child is killed after so long. Milliseconds. */
  readonly timeoutMs: number;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From spawn to the end of its output. */
  readonly ms: number;
  readonly timedOut: boolean;
}

const running = new Set<ChildProcess>();

/** Run a child to its end, whatever that is; never rejects but for a command that cannot be started. */
export function runChild(options: RunChildOptions): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(options.command ?? process.execPath, options.args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    running.add(child);
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-20_000)));
    const limit = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs);
    child.on("error", (error) => {
      clearTimeout(limit);
      running.delete(child);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      resolve({ code, signal, stdout, stderr, ms: performance.now() - startedAt, timedOut });
    });
  });
}

/** End what still runs: for the bench's own end. */
export function killChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}
