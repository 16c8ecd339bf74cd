import { decodeError, decodeValue, type RunEvent, type Verb } from "@heddle/kernel";
import type { Engine, JournalEvent, LiveEvent, RunHandle } from "../engine/engine.ts";
import { EventStream } from "../engine/event-stream.ts";
import { HeddleEngine } from "../engine/heddle-engine.ts";
import { isJournalEvent } from "../engine/live-piece.ts";
import { idBeginning } from "../engine/new-run.ts";
import { open } from "../engine/open.ts";
import type { OpenQuestion } from "../engine/open-questions.ts";
import type { Graph } from "./graph.ts";
import { GraphEvents, isNode, nodeOf } from "./graph-events.ts";
import { needsEngine, outputOf, type InvokeOptions } from "./invoke-graph.ts";

/**
 * `values`: the whole state after each round. `updates`: what each node wrote. `messages`: messages as they are written, and the pieces of those that grow
 * (a step's `stream`). `custom`: what nodes `emit`. `events`: every event of the journal.
 */
export type StreamMode = "values" | "updates" | "messages" | "custom" | "events";

export interface StreamOptions<M extends StreamMode> extends InvokeOptions {
  /** One or several. Default `updates`. */
  readonly mode?: M | readonly M[];
  /** Also what subgraphs do; `path` tells which. Default `true`. */
  readonly nested?: boolean;
}

interface Place {
  /** Nodes that lead to the graph that this comes from: empty for the outermost. */
  readonly path: readonly string[];
  readonly runId: string;
  /** Event that it stands at. */
  readonly seq: number;
}

type Piece<State, Update> =
  | ({ readonly mode: "values"; readonly round: number; readonly state: State } & Place)
  | ({ readonly mode: "updates"; readonly node: string; readonly update: Update } & Place)
  | ({ readonly mode: "messages"; readonly node: string; readonly message: unknown } & Place)
  | ({ readonly mode: "messages"; readonly node: string; readonly key: string; readonly chunk: unknown } & Place)
  | ({ readonly mode: "custom"; readonly node: string; readonly name: string; readonly value: unknown } & Place)
  | ({ readonly mode: "events"; readonly event: JournalEvent } & Place);

/** The last item, exactly one: how the run came to rest. */
export interface StreamEnd<State> {
  readonly mode: "end";
  readonly path: readonly [];
  readonly runId: string;
  readonly status: "completed" | "failed" | "cancelled" | "timed-out" | "waiting" | "paused";
  readonly state: State;
  readonly error?: Error;
  /** Who it waits for. */
  readonly questions: readonly OpenQuestion[];
}

export type StreamItem<M extends StreamMode, State, Update> = Extract<Piece<State, Update>, { readonly mode: M }> | StreamEnd<State>;

type AnyItem = StreamItem<StreamMode, unknown, unknown>;

/** One generator for each item, and not several in one another: each would cost as much as a small node. */
export function streamGraph(graph: Graph<never>, input: unknown, options: StreamOptions<StreamMode> = {}): AsyncGenerator<AnyItem> {
  const { engine, signal, mode = "updates", nested = true, ...start } = options;
  const modes = new Set<StreamMode>(typeof mode === "string" ? [mode] : mode);
  const from = (on: Engine): AsyncGenerator<AnyItem> =>
    new GraphWatch(on, modes, nested).items(
      graph,
      (id) => on.start(graph as never, input as never, { id, ...start }),
      start.id ?? newRunId(graph, on),
      signal,
    );
  return engine === undefined ? inMemory(graph, from) : from(engine);
}

async function* inMemory(graph: Graph<never>, from: (engine: Engine) => AsyncGenerator<AnyItem>): AsyncGenerator<AnyItem> {
  await using own = await open("memory:", { workflows: [graph] });
  for await (const item of from(own)) {
    if (item.mode === "end" && item.status === "waiting") throw needsEngine(graph.name, item.questions);
    yield item;
  }
}

/** As the engine would name it. */
function newRunId({ name }: Graph<never>, engine: Engine): string {
  return idBeginning(name) + (engine instanceof HeddleEngine ? engine.host.random.id() : globalThis.crypto.randomUUID());
}

/** A child run that a node called. */
interface Child {
  readonly runId: string;
  readonly node: string;
  /** Null: it is no graph. */
  readonly graph: Graph<never> | null;
}

/** Items that wait for a reader; then the journal is not read on. */
const mostReady = 1_000;

/** Follows a run and the runs of its subgraphs, and gives what they bring in the order in which it comes. */
class GraphWatch {
  readonly #engine: Engine;
  readonly #modes: ReadonlySet<StreamMode>;
  readonly #nested: boolean;
  readonly #stopped = new AbortController();
  #ready: AnyItem[] = [];
  /** Those who read on when there is room again. */
  readonly #full: (() => void)[] = [];
  #wake: (() => void) | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(engine: Engine, modes: ReadonlySet<StreamMode>, nested: boolean) {
    this.#engine = engine;
    this.#modes = modes;
    this.#nested = nested;
  }

  /** @param runId that it is started with, so that nothing that it says of itself is missed */
  async *items(
    graph: Graph<never>,
    start: (runId: string) => Promise<RunHandle<unknown>>,
    runId: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnyItem> {
    const events = this.#listenTo(runId);
    const run = await start(runId);
    signal?.addEventListener("abort", () => this.#fail(signal.reason), { once: true, signal: this.#stopped.signal });
    if (signal?.aborted === true) this.#fail(signal.reason);
    this.#follow(graph, run, [], run.id === runId ? events : null);
    try {
      for (;;) {
        const items = this.#ready;
        this.#ready = [];
        for (const resume of this.#full.splice(0)) resume();
        for (const item of items) {
          yield item;
          if (item.mode === "end") return;
        }
        if (items.length > 0) continue;
        if (this.#failure !== null) throw this.#failure.error;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#stopped.abort();
      for (const resume of this.#full.splice(0)) resume();
    }
  }

  #listenTo(runId: string): EventStream | null {
    if (!(this.#engine instanceof HeddleEngine)) return null;
    const events = new EventStream(this.#engine.host, runId, 0, true, this.#stopped.signal);
    events.listen();
    return events;
  }

  #follow(graph: Graph<never> | null, run: RunHandle<unknown>, path: readonly string[], events: EventStream | null): void {
    this.#read(graph, run, path, events ?? run.events({ signal: this.#stopped.signal })).catch((error: unknown) => this.#fail(error));
  }

  async #read(
    graph: Graph<never> | null,
    run: RunHandle<unknown>,
    path: readonly string[],
    events: AsyncIterableIterator<LiveEvent>,
  ): Promise<void> {
    const { signal } = this.#stopped;
    const reader = new GraphReader(graph, run.id, path, this.#modes);
    const item = (each: AnyItem): void => this.#give(each);
    const give = (event: LiveEvent): void => {
      reader.read(event, item);
      const child = reader.childOf(event);
      if (child !== null && this.#nested) void this.#child(child, path);
    };
    // Who reads slowly holds up nobody: what is not taken stays in the journal.
    const take = (event: LiveEvent): Promise<void> | undefined => {
      give(event);
      return this.#ready.length < mostReady ? undefined : new Promise((resolve) => this.#full.push(resolve));
    };
    const readAll = async (): Promise<void> => {
      for await (const event of events) {
        const room = take(event);
        if (room !== undefined) await room;
      }
    };
    const reading = readAll();
    if (path.length > 0) return reading;
    const settled = await Promise.race([run.settled({ signal }), reading.then(() => null)]);
    if (settled === null && !reader.hasEnded) return;
    if (settled !== null && settled.status !== "waiting" && settled.status !== "paused") await reading;
    // What was recorded before it came to rest is given before its end; of a run that has ended that is everything.
    const rest = settled ?? (await run.settled({ signal }));
    const view = reader.hasEnded ? null : await run.state();
    while (view !== null && !reader.hasEnded && reader.seq < view.seq) await this.#next();
    const state = view?.channels ?? reader.values();
    this.#give(reader.end(rest.status as StreamEnd<unknown>["status"], graph === null ? state : outputOf(graph, state), rest.questions));
  }

  async #child({ runId, node, graph }: Child, path: readonly string[]): Promise<void> {
    const events = this.#listenTo(runId);
    try {
      this.#follow(graph, await this.#engine.get(runId), [...path, node], events);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** More may have been read then; where there is no room, when there is. */
  #next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#full.length > 0) this.#full.push(resolve);
      else setImmediate(resolve);
    });
  }

  #give(item: AnyItem): void {
    this.#ready.push(item);
    this.#wake?.();
    this.#wake = null;
  }

  #fail(error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#failure ??= { error };
    this.#wake?.();
    this.#wake = null;
  }
}

/** Turns the events of one run into what the modes give. */
class GraphReader {
  readonly #graph: Graph<never> | null;
  readonly #events: GraphEvents | null;
  readonly #channels: Readonly<Record<string, { readonly kind: string }>>;
  readonly #runId: string;
  readonly #path: readonly string[];
  readonly #modes: ReadonlySet<StreamMode>;
  readonly #givesEvents: boolean;
  readonly #givesOnlyEvents: boolean;
  #error: Error | undefined;
  seq = 0;
  hasEnded = false;

  constructor(graph: Graph<never> | null, runId: string, path: readonly string[], modes: ReadonlySet<StreamMode>) {
    this.#graph = graph;
    this.#events = graph === null ? null : new GraphEvents(graph.plan);
    this.#channels = graph?.channels ?? {};
    this.#runId = runId;
    this.#path = path;
    this.#modes = modes;
    this.#givesEvents = modes.has("events");
    this.#givesOnlyEvents = this.#givesEvents && modes.size === 1;
  }

  /** Makes only what was asked for. */
  read(event: LiveEvent, give: (item: AnyItem) => void): void {
    const { seq } = event;
    if (!isJournalEvent(event)) {
      if (event.type === "stream" && this.#modes.has("messages"))
        give({ mode: "messages", node: this.#nodeOf(event.of), key: event.key, chunk: event.value, ...this.#place(seq) });
      return;
    }
    this.seq = seq;
    if (this.#givesEvents) give({ mode: "events", event, path: this.#path, runId: this.#runId, seq });
    if (event.type === "run-ended") {
      this.hasEnded = true;
      if (event.outcome.status !== "completed" && event.outcome.error !== undefined) this.#error = decodeError(event.outcome.error);
    }
    const closed = this.#events?.apply(event) === true;
    if (this.#givesOnlyEvents) return;
    if (event.type === "emitted" && this.#modes.has("custom"))
      give({ mode: "custom", node: this.#nodeOf(event.of), name: event.name, value: decodedValue(event.value), ...this.#place(seq) });
    if (event.type === "task-ended" && isNode(event.task) && event.outcome.status === "completed") this.#readUpdate(event, give);
    if (closed && this.#events !== null && this.#modes.has("values"))
      give({ mode: "values", round: this.#events.round, state: this.#events.values(), ...this.#place(seq) });
  }

  #place(seq: number): Place {
    return { path: this.#path, runId: this.#runId, seq };
  }

  #readUpdate({ seq, task, verbs = [] }: JournalEvent & { type: "task-ended" }, give: (item: AnyItem) => void): void {
    const [asUpdates, asMessages] = [this.#modes.has("updates"), this.#modes.has("messages")];
    if (!asUpdates && !asMessages) return;
    const update = updateOf(verbs, this.#channels);
    const place = this.#place(seq);
    if (asUpdates) give({ mode: "updates", node: nodeOf(task), update, ...place });
    if (!asMessages) return;
    for (const [key, written] of Object.entries(update)) {
      if (this.#channels[key]?.kind !== "messages") continue;
      for (const message of written as readonly unknown[])
        if (typeof message === "object" && message !== null && !("$remove" in message))
          give({ mode: "messages", node: nodeOf(task), message, ...place });
    }
  }

  /** What the state holds now. */
  values(): Readonly<Record<string, unknown>> {
    return this.#events?.values() ?? {};
  }

  /** A subgraph that this event began. */
  childOf(event: LiveEvent): Child | null {
    if (event.type !== "op-opened" || event.op !== "call" || event.child === undefined) return null;
    const node = this.#nodeOf(event.of);
    const run = this.#graph?.shape.nodes.find(({ name }) => name === node)?.run;
    return {
      runId: event.child.runId,
      node: node === "" ? event.key : node,
      graph: typeof run === "object" && "shape" in run ? (run as never) : null,
    };
  }

  end(status: StreamEnd<unknown>["status"], state: unknown, questions: readonly OpenQuestion[]): StreamEnd<unknown> {
    return {
      mode: "end",
      path: [],
      runId: this.#runId,
      status,
      state,
      ...(this.#error === undefined ? null : { error: this.#error }),
      questions,
    };
  }

  #nodeOf(no: number | undefined): string {
    return no === undefined ? "" : (this.#events?.nodeOf(no) ?? "");
  }
}

/** What a node wrote, as it returned it. */
function updateOf(verbs: readonly Verb[], channels: Readonly<Record<string, { readonly kind: string }>>): Record<string, unknown> {
  const update: Record<string, unknown> = {};
  for (const verb of verbs) {
    if (!("write" in verb)) continue;
    const { kind } = channels[verb.write] ?? {};
    const written = decodeValue(verb.value);
    if (kind === "append") update[verb.write] = [...((update[verb.write] as unknown[] | undefined) ?? []), written];
    else if (kind === "mergeBy" || kind === "messages") {
      const { remove = [], put = [] } = written as { remove?: unknown[]; put?: unknown[] };
      update[verb.write] = [...remove.map((key) => ({ $remove: key })), ...put];
    } else update[verb.write] = written;
  }
  return update;
}

function decodedValue(value: (RunEvent & { type: "emitted" })["value"]): unknown {
  return value === undefined ? undefined : decodeValue(value);
}
