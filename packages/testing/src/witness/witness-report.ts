import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { CommitBatch, CommitVerdict, RunId, RunStore } from "@heddle/kernel";
import type { StepContext } from "heddle";
import type { Answer, Effect, Said } from "./said.ts";

/** How a process tells the witness in another one what it does. */
export class WitnessReport implements Disposable {
  readonly node: string;
  readonly #socket: Socket;
  readonly #open = new Map<number, (answer: Answer) => void>();
  readonly #epochs = new Map<RunId, number>();
  #calls = 0;

  private constructor(socket: Socket, node: string) {
    this.#socket = socket;
    this.node = node;
    // Without the witness there is no world to act on: what waits for it waits for ever.
    socket.on("error", () => {});
    createInterface({ input: socket })
      .on("line", (line) => {
        const answer = JSON.parse(line) as Answer;
        this.#open.get(answer.call)?.(answer);
        this.#open.delete(answer.call);
      })
      .on("error", () => {});
  }

  /**
   * @param place of the witness: its `place`
   * @param node by which the witness knows the process
   */
  static connect(place: number | string, node: string): Promise<WitnessReport> {
    return new Promise((resolve, reject) => {
      const to = typeof place === "string" ? { path: place } : { port: place, host: "127.0.0.1", noDelay: true };
      const socket = connect(to, () => resolve(new WitnessReport(socket, node)));
      socket.once("error", reject);
    });
  }

  /**
   * To be called in a step: the effect happens, and the step is told what to do then.
   *
   * @returns the effect's number
   * @throws an Error, when the witness said so
   */
  async effect(run: RunId, key: string, step: Pick<StepContext, "attempt" | "idempotencyKey" | "signal">): Promise<number> {
    const { attempt, idempotencyKey, signal } = step;
    const effect: Effect = { node: this.node, run, key, attempt, idempotencyKey, epoch: this.#epochs.get(run) ?? null };
    const call = ++this.#calls;
    const aborted = (): void => this.#say({ type: "aborted", ...effect });
    signal.addEventListener("abort", aborted);
    const {
      receipt,
      fail,
      blockMs = 0,
    } = await new Promise<Answer>((resolve) => {
      this.#open.set(call, resolve);
      this.#say({ type: "effect", call, ...effect });
    });
    signal.removeEventListener("abort", aborted);
    for (const endMs = performance.now() + blockMs; performance.now() < endMs; );
    if (fail !== undefined) throw new Error(fail);
    return receipt;
  }

  /** The store, with the witness told of what it gave, acknowledged and refused. */
  wrap(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name): unknown => {
        if (name === "commit") return (batch: CommitBatch) => this.#commit(target, batch);
        if (name === "claim") return (...parameters: Parameters<RunStore["claim"]>) => this.#claim(target, parameters);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  [Symbol.dispose](): void {
    this.#socket.end();
  }

  async #claim(store: RunStore, parameters: Parameters<RunStore["claim"]>): ReturnType<RunStore["claim"]> {
    const rows = await store.claim(...parameters);
    for (const { runId, epoch } of rows) this.#claimed(runId, epoch);
    return rows;
  }

  async #commit(store: RunStore, batch: CommitBatch): Promise<CommitVerdict> {
    const { creates = [], parts = [] } = batch;
    const verdict = await store.commit(batch);
    this.#say({ type: "commit" });
    creates.forEach(({ row, claimFor }, index) => {
      const answer = verdict.creates[index];
      if (claimFor !== undefined && answer?.status === "created" && answer.claimed) this.#claimed(row.runId, 1);
    });
    parts.forEach(({ runId, epoch, events }, index) => {
      const answer = verdict.parts[index];
      const part = { node: this.node, run: runId, epoch };
      if (answer?.status === "ok") {
        this.#epochs.set(runId, epoch);
        if (events.length > 0) this.#say({ type: "append", ...part, from: answer.seq - events.length + 1, through: answer.seq });
      } else if (answer !== undefined) this.#say({ type: "refusal", ...part, status: answer.status });
    });
    return verdict;
  }

  #claimed(run: RunId, epoch: number): void {
    this.#epochs.set(run, epoch);
    this.#say({ type: "claim", node: this.node, run, epoch });
  }

  #say(said: Said): void {
    this.#socket.write(`${JSON.stringify(said)}\n`);
  }
}
