import { HeddleError, type CommitBatch, type CommitVerdict } from "@heddle/kernel";
import type { Workflow } from "../../workflow/workflow.ts";
import type { Outbox, StartOptions } from "../engine.ts";
import { mailText } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";
import { signalMail } from "./mail-sender.ts";
import { checkSame, type RunStarts } from "./run-starts.ts";

/** Starts and sends inside a transaction of the caller's, which the store's tables are a part of. */
export class TransactionOutbox implements Outbox {
  readonly #host: NodeHost;
  readonly #starts: RunStarts;
  readonly #transaction: unknown;

  constructor(host: NodeHost, starts: RunStarts, transaction: unknown) {
    this.#host = host;
    this.#starts = starts;
    this.#transaction = transaction;
  }

  async start(workflow: Workflow<never, unknown> | string, input?: unknown, options: StartOptions = {}): Promise<{ readonly id: string }> {
    const { definition, prepared } = await this.#starts.prepare(workflow, input, options);
    this.#host.plans.keep(definition);
    const { run } = prepared;
    const [verdict] = (await this.#commit({ creates: [run] })).creates;
    if (verdict?.status !== "exists") return { id: run.row.runId };
    checkSame(verdict.row, run);
    return { id: verdict.row.runId };
  }

  async signal(runId: string, name: string, value?: unknown, options: { readonly id?: string } = {}): Promise<void> {
    const { state, random, clock, maxValueBytes } = this.#host;
    state.assertOpen();
    const mail = signalMail(name, value, maxValueBytes);
    const message = { runId, id: options.id ?? random.id(), atMs: clock.nowMs(), body: mailText(mail) };
    const [verdict] = (await this.#commit({ messages: [message] })).messages;
    if (verdict?.status === "ended")
      throw new HeddleError("RUN_ENDED", `Run ${runId} has ended: nothing can be sent to it.`, { data: { runId } });
    // One that the same transaction started is not seen from outside of it: only the store knows.
    if (verdict?.status === "unknown") throw new HeddleError("RUN_UNKNOWN", `There is no run ${runId}.`, { data: { runId } });
  }

  async #commit(batch: CommitBatch): Promise<CommitVerdict> {
    const { store } = this.#host;
    if (store.commitWithin === undefined)
      throw new HeddleError(
        "TRANSACTION_UNSUPPORTED",
        "This store has no transactions that others can join: engine.within needs postgres://….",
      );
    return store.commitWithin(this.#transaction, batch);
  }
}
