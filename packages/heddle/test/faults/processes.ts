import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RunEvent } from "@heddle/kernel";
import { open } from "heddle";

export interface Line {
  readonly started?: string;
  readonly result?: unknown;
  readonly error?: string;
  readonly closed?: boolean;
}

export interface Effect {
  readonly key?: string;
  readonly undo?: string;
  readonly died?: string;
  readonly idempotencyKey?: string;
  readonly attempt?: number;
  readonly value?: number;
}

/** Where the store of a fault case is. */
export interface FaultPlace {
  readonly name: string;
  /** Of a store that is not there yet. @param folder that goes with the fault case */
  newAddress(folder: string): string;
}

export const sqlite: FaultPlace = { name: "SQLite", newAddress: (folder) => `sqlite:${join(folder, "heddle.db")}` };

/** A store and the witness of all effects, for one fault case. */
export class FaultCase implements Disposable {
  readonly address: string;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "heddle-fault-"));
  readonly #children = new Set<ChildProcess>();

  constructor(place: FaultPlace = sqlite) {
    this.address = place.newAddress(this.#folder);
    writeFileSync(this.#witness, "");
  }

  get #witness(): string {
    return join(this.#folder, "effects.jsonl");
  }

  effects(): readonly Effect[] {
    return readFileSync(this.#witness, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Effect);
  }

  /** What is recorded of a run. */
  async journal(runId: string): Promise<readonly RunEvent[]> {
    await using engine = await open(this.address, { passive: true });
    const events = await Array.fromAsync((await engine.get(runId)).events({ live: false }));
    return events as unknown as readonly RunEvent[];
  }

  /** Start a process. Its lines come as it says them. */
  start(
    workflow: string,
    runId: string,
    mode = "",
  ): {
    readonly child: ChildProcess;
    readonly lines: AsyncIterableIterator<Line>;
    ended(): Promise<{ readonly signal: string | null; readonly lines: readonly Line[] }>;
  } {
    const child = spawn(process.execPath, [join(import.meta.dirname, "child.ts"), this.address, this.#witness, workflow, runId, mode], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.add(child);
    const said: Line[] = [];
    const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const waiting: (() => void)[] = [];
    reader.on("line", (line) => {
      said.push(JSON.parse(line) as Line);
      for (const call of waiting.splice(0)) call();
    });
    const exit = once(child, "exit");
    void exit.then(() => waiting.splice(0).forEach((call) => call()));
    async function* lines(): AsyncIterableIterator<Line> {
      for (let index = 0; ; index++) {
        while (index >= said.length) {
          if (child.exitCode !== null || child.signalCode !== null) return;
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        yield said[index] as Line;
      }
    }
    return {
      child,
      lines: lines(),
      async ended() {
        const closed = once(reader, "close");
        const [, signal] = (await exit) as [number | null, string | null];
        await closed;
        return { signal, lines: said };
      },
    };
  }

  /** Run it again and again until a process ends by itself, at most so often. */
  async untilEnded(
    workflow: string,
    runId: string,
    mode: string,
    lives: number,
  ): Promise<{ readonly deaths: number; readonly line: Line }> {
    for (let deaths = 0; deaths < lives; deaths++) {
      const { signal, lines } = await this.start(workflow, runId, mode).ended();
      if (signal === null) return { deaths, line: lines.at(-1) ?? {} };
    }
    throw new Error(`It was killed in each of its ${lives} lives.`);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true });
  }
}
