import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Interruption, Io, Keyboard, Screen } from "./io.ts";

// The only file of the command line that touches `process`.

/** A terminal that sends Ctrl-C to a whole group of processes, and a parent that passes it on, give two signals for one press. */
const samePressMs = 250;

const { stdin, stdout, stderr, env } = process;
const args = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
const writeOut = stdout.write.bind(stdout);
const writeErr = stderr.write.bind(stderr);
const interruption = new AbortController();

function interrupt(signal: Interruption["signal"], exitCode: number): void {
  interruption.abort({ signal, exitCode } satisfies Interruption);
}

function listenToSignals(): void {
  let firstAtMs: number | null = null;
  const press = (signal: "SIGINT" | "SIGTERM" | "SIGHUP", exitCode: number) => () => {
    const nowMs = performance.now();
    if (firstAtMs === null) {
      firstAtMs = nowMs;
      interrupt(signal, exitCode);
    } else if (nowMs - firstAtMs > samePressMs) {
      // The cursor may be hidden and the keyboard raw: nothing else will put them back.
      if (stdout.isTTY) writeOut("\u001b[?25h\n");
      if (stdin.isTTY) stdin.setRawMode(false);
      process.exit(exitCode);
    }
  };
  process.on("SIGINT", press("SIGINT", 130));
  process.on("SIGTERM", press("SIGTERM", 143));
  process.on("SIGHUP", press("SIGHUP", 129));
  // Whoever read our output has gone: `heddle events | head`.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      interrupt("SIGPIPE", 141);
    });
  }
}

function screen(): Screen | null {
  if (!stdout.isTTY || env.TERM === "dumb") return null;
  return {
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    write: (shown) => void writeOut(shown),
    onResize(call) {
      stdout.on("resize", call);
      return { [Symbol.dispose]: () => void stdout.off("resize", call) };
    },
  };
}

function keyboard(): Keyboard | null {
  if (!stdin.isTTY) return null;
  return {
    listen(call) {
      const typed = (data: Buffer | string): void => {
        const input = data.toString();
        // In raw mode the terminal makes no signal of Ctrl-C.
        if (input.includes("\u0003")) process.kill(process.pid, "SIGINT");
        else call(input);
      };
      stdin.setRawMode(true);
      stdin.on("data", typed);
      stdin.resume();
      return {
        [Symbol.dispose]: () => {
          stdin.off("data", typed);
          stdin.setRawMode(false);
          stdin.pause();
        },
      };
    },
  };
}

function capture(receive: (text: string) => void): Disposable {
  const replace = (stream: NodeJS.WriteStream): (() => void) => {
    const original = stream.write.bind(stream);
    stream.write = (chunk: Uint8Array | string, encoding?: BufferEncoding | ((error?: Error) => void), done?: (error?: Error) => void) => {
      receive(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
      (typeof encoding === "function" ? encoding : done)?.();
      return true;
    };
    return () => {
      stream.write = original;
    };
  };
  const restore = [replace(stdout), replace(stderr)];
  return { [Symbol.dispose]: () => restore.forEach((put) => put()) };
}

async function detach(args: readonly string[], logFile: string): Promise<number> {
  const { spawn } = await import("node:child_process");
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a");
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
    detached: true,
    stdio: ["ignore", log, log],
    env,
  });
  closeSync(log);
  child.unref();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
}

async function end(exitCode: number): Promise<never> {
  // What the user's file left open, a timer or a connection, does not keep the command alive; what was written is let out first.
  await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write("", resolve))));
  process.exit(exitCode);
}

listenToSignals();
// Asked by scripts and editors, again and again: answered before the rest is loaded.
if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  writeOut(`${version}\n`);
  await end(0);
}
const { commands, open, openStore, realClock, runCli, styleFromEnv } = await import("./program.ts");
const io: Io = {
  args,
  cwd: process.cwd(),
  env,
  // npm puts the program on the PATH of its own scripts only: whoever came through it types npx.
  program: env.npm_execpath === undefined ? "heddle" : "npx heddle",
  version,
  node: process.versions.node,
  out: (line) => void writeOut(`${line}\n`),
  err: (line) => void writeErr(`${line}\n`),
  style: styleFromEnv(env, stdout.isTTY),
  screen: screen(),
  keyboard: keyboard(),
  readStdin: async () => (await import("node:stream/consumers")).text(stdin),
  interrupted: interruption.signal,
  clock: realClock,
  open,
  openStore: (url) => openStore(url),
  capture,
  detach,
};

await end(await runCli(io, commands));
