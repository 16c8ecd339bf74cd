import { HeddleError, type Clock, type Random, type RunStore } from "@heddle/kernel";
import type { Workflow } from "../workflow/workflow.ts";
import { MailSender } from "./door/mail-sender.ts";
import { TransactionOutbox } from "./door/outbox.ts";
import { RunMending } from "./door/run-mending.ts";
import { RunStarts } from "./door/run-starts.ts";
import type {
  AnswerInput,
  Engine,
  EngineOptions,
  ForkOptions,
  ListRunsOptions,
  NodeSummary,
  Outbox,
  RetryOptions,
  RunHandle,
  RunSummary,
  StartOptions,
} from "./engine.ts";
import { guardGlobals } from "./frame/strict.ts";
import { hasEnded } from "./has-ended.ts";
import { NodeHost } from "./node-host.ts";
import { Handle } from "./run-handle.ts";
import { checkWorkflows, resolveOptions } from "./run-options.ts";
import { summaryOf } from "./summary.ts";

/** The door of an engine for everyone who starts runs, asks about them or sends to them. Behind it works a `NodeHost`. */
export class HeddleEngine implements Engine {
  /** What works behind it. */
  readonly host: NodeHost;
  readonly #sender: MailSender;
  readonly #starts: RunStarts;
  readonly #mending: RunMending;
  #closed: Promise<void> | null = null;

  constructor(store: RunStore, options: EngineOptions, parts: { readonly clock: Clock; readonly random: Random }) {
    this.host = new NodeHost(resolveOptions(options), { store, secrets: options.secrets, ...parts });
    this.#sender = new MailSender(this.host);
    this.#starts = new RunStarts(this.host, this.#sender);
    this.#mending = new RunMending(this.host);
    for (const workflow of checkWorkflows(options.workflows ?? [])) this.host.registry.add(workflow);
  }

  /** First sign of life, then work. */
  async begin(): Promise<void> {
    if (this.host.strict) guardGlobals();
    await this.host.begin();
  }

  get node(): string {
    return this.host.node;
  }

  // ---- Starting

  start<O>(workflow: Workflow<never, O> | string, input?: unknown, options: StartOptions = {}): Promise<RunHandle<O>> {
    return this.#starts.start(workflow, input, options);
  }

  signalWithStart<O>(
    workflow: Workflow<never, O>,
    input: unknown,
    signal: { readonly name: string; readonly value?: unknown; readonly id?: string },
    options: StartOptions & { readonly id: string },
  ): Promise<RunHandle<O>> {
    return this.#starts.signalWithStart(workflow, input, signal, options);
  }

  within(transaction: unknown): Outbox {
    return new TransactionOutbox(this.host, this.#starts, transaction);
  }

  // ---- Looking

  knows(workflow: string, version?: string): boolean {
    return this.host.registry.find(workflow, version) !== undefined;
  }

  nodes(): Promise<readonly NodeSummary[]> {
    this.host.state.assertOpen();
    return this.host.nodes.all();
  }

  async get<O>(runId: string): Promise<RunHandle<O>> {
    this.host.state.assertOpen();
    const row = await this.host.reader.row(runId);
    return new Handle<O>(this.host, row.runId, row.workflow);
  }

  async list(filter: ListRunsOptions = {}): Promise<readonly RunSummary[]> {
    this.host.state.assertOpen();
    const { status, ...rest } = filter;
    const rows = await this.host.store.list({
      ...rest,
      ...(status === undefined ? null : { status: typeof status === "string" ? [status] : status }),
    });
    return rows.map(summaryOf);
  }

  query<O>(runId: string, name: string, input?: unknown): Promise<O> {
    return this.host.queries.ask(runId, name, input);
  }

  // ---- Sending

  signal(runId: string, name: string, value?: unknown, options: { readonly id?: string } = {}): Promise<void> {
    return this.#sender.signal(runId, name, value, options.id);
  }

  write(runId: string, values: Readonly<Record<string, unknown>>, options: { readonly id?: string } = {}): Promise<void> {
    return this.#sender.write(runId, values, options.id);
  }

  answer(runId: string, question: string, answer: AnswerInput): Promise<void> {
    return this.#sender.answer(runId, question, answer);
  }

  cancel(runId: string, reason?: string): Promise<void> {
    return this.#sender.cancel(runId, reason);
  }

  pause(runId: string, reason?: string): Promise<void> {
    return this.#sender.pause(runId, reason);
  }

  resume(runId: string, options: { readonly accept?: boolean } = {}): Promise<void> {
    return this.#sender.resume(runId, options);
  }

  update<O>(runId: string, name: string, input?: unknown, options: { readonly id?: string } = {}): Promise<O> {
    return this.#sender.update(runId, name, input, options.id);
  }

  // ---- Mending

  fork<O>(runId: string, options: ForkOptions = {}): Promise<RunHandle<O>> {
    return this.#mending.fork(runId, options);
  }

  retry<O>(runId: string, options: RetryOptions = {}): Promise<RunHandle<O>> {
    return this.#mending.retry(runId, options);
  }

  async delete(runId: string): Promise<void> {
    const { state, reader, runs, store } = this.host;
    state.assertOpen();
    const row = await reader.row(runId);
    if (!hasEnded(row))
      throw new HeddleError("RUN_NOT_ENDED", `Run ${runId} is ${row.status}: cancel it before you delete it.`, {
        data: { runId, status: row.status },
      });
    runs.takeHot(runId);
    await store.delete(runId);
  }

  // ---- Closing

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.host.close(options.drainMs ?? this.host.options.drainMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
