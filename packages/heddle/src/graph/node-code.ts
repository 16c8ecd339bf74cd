import { HeddleError } from "@heddle/kernel";
import type { Conclusion, Rescue, TaskCode } from "../engine/definition.ts";
import type { TaskContext } from "../engine/frame/task-context.ts";
import { isThenable } from "../engine/is-thenable.ts";
import { checkWithSchema } from "../workflow/check-schema.ts";
import type { NewIds, StateChannel } from "./channel.ts";
import { isCommand, isSend, type Command, type Send } from "./command.ts";
import { gotoLabel, labelOf, type NodeTasks } from "./compile-graph.ts";
import { isFit } from "./fit-updates.ts";
import { END } from "./graph-shape.ts";
import type { RouteDefinition } from "./node.ts";
import { parentCommand } from "./parent-command.ts";
import type { NodeInput } from "./state-source.ts";

type State = Readonly<Record<string, unknown>>;
type Update = Readonly<Record<string, unknown>>;
/** @param sent it is run with what it was sent, in place of the state */
type CallNode = (state: never, ctx: TaskContext, sent: boolean) => unknown;

/** What a node's end asks for, gathered before any of it is recorded. */
interface Onward {
  labels: string[];
  /** By node; null: nothing is sent. */
  sends: Map<string, unknown[]> | null;
}

/** What a person writes happens once. */
const freshIds: NewIds = { uuid: () => globalThis.crypto.randomUUID() };

/** What the items of a node that was sent to chose; the value of their tasks. */
interface Chosen {
  readonly labels: readonly string[];
  readonly sends: readonly (readonly [node: string, inputs: readonly unknown[]])[];
}

/**
 * The code of a node's tasks: run the node, write its update, go where its command and routes say. What a node returns becomes verbs of its task's end:
 * nothing of it takes effect if any of it is refused.
 */
export class NodeCode {
  readonly #graph: string;
  readonly #channels: Readonly<Record<string, StateChannel>>;
  readonly #tasks: ReadonlyMap<string, NodeTasks>;
  readonly #hasSchemas: boolean;

  constructor(graph: string, channels: Readonly<Record<string, StateChannel>>, tasks: ReadonlyMap<string, NodeTasks>) {
    this.#graph = graph;
    this.#channels = channels;
    this.#tasks = tasks;
    this.#hasSchemas = Object.values(channels).some(({ schema }) => schema !== undefined);
  }

  /** @param call the node itself: its own code, its cache or a subgraph */
  of(tasks: NodeTasks, call: CallNode): TaskCode {
    return (given, ctx) => {
      const input = given as NodeInput;
      return call(givenTo(tasks, input), ctx, input.wasSent);
    };
  }

  /** What a node's result leads to, and that of what stood in for it. */
  conclusion(tasks: NodeTasks): Conclusion {
    const { name } = tasks.node;
    return {
      result: (value, given, ctx) => this.#finish(tasks, name, given as NodeInput, value, ctx),
      error: (error) => namedIn(name, error),
    };
  }

  /** What a node does when its last attempt has failed, in its place. */
  rescue(tasks: NodeTasks, handle: (error: Error, state: never, ctx: TaskContext) => unknown): Rescue {
    return (failure, given, ctx) => handle(failure, givenTo(tasks, given as NodeInput), ctx);
  }

  /**
   * START: what the run was given is written, as if a node had returned it.
   *
   * @param state what a state begins with, for the routes
   */
  start(routes: readonly RouteDefinition[], state: State): TaskCode {
    const tasks: NodeTasks = {
      node: { name: "START", run: () => undefined, options: {} },
      routes,
      own: "START",
      each: null,
      gather: null,
      onlyJoined: false,
    };
    return (given, ctx) => this.#finish(tasks, "START", { state, item: undefined, wasSent: false }, given, ctx);
  }

  /** After all items of a node that was sent to: go where any of them chose to go. */
  gather(): TaskCode {
    return (values, ctx) => {
      const labels = new Set<string>();
      const sends = new Map<string, unknown[]>();
      for (const chosen of values as readonly (Chosen | undefined)[]) {
        for (const label of chosen?.labels ?? []) labels.add(label);
        for (const [node, inputs] of chosen?.sends ?? []) {
          const all = sends.get(node);
          if (all === undefined) sends.set(node, [...inputs]);
          else all.push(...inputs);
        }
      }
      this.#go({ labels: [...labels], sends }, ctx);
    };
  }

  /** The node's result takes effect. The value is what the task's is: nothing, or what an item chose. */
  #finish(tasks: NodeTasks, name: string, input: NodeInput, result: unknown, ctx: TaskContext): unknown {
    if (result === undefined || result === null) return this.#route(tasks, name, input, {}, [], ctx);
    if (!isCommand(result)) return this.#writeAndRoute(tasks, name, input, result as Update, [], ctx);
    if (result.graph === "own") return this.#writeAndRoute(tasks, name, input, (result.update ?? {}) as Update, result.goto, ctx);
    if (ctx.parentId === undefined)
      throw final(
        new HeddleError(
          "COMMAND_NO_PARENT",
          `Node "${name}" of graph "${this.#graph}" returned a command for its parent graph, but run ${ctx.runId} has none.`,
          { data: { node: name } },
        ),
      );
    ctx.verbs.end("ok", parentCommand(result));
    return undefined;
  }

  #writeAndRoute(tasks: NodeTasks, name: string, input: NodeInput, update: Update, goto: Command["goto"], ctx: TaskContext): unknown {
    if (!this.#hasSchemas || isFit(update)) {
      this.#write(name, update, ctx);
      return this.#route(tasks, name, input, update, goto, ctx);
    }
    return this.#checked(name, update).then((fit) => {
      this.#write(name, fit, ctx);
      return this.#route(tasks, name, input, fit, goto, ctx);
    });
  }

  #write(name: string, update: Update, ctx: TaskContext): void {
    if (typeof update !== "object" || update === null || Array.isArray(update) || isSend(update))
      throw this.#misfit(
        name,
        `it returned ${isSend(update) ? "a send: return it from a route, or in the goto of a command" : `${Array.isArray(update) ? "a list" : `a ${typeof update}`}, not an object of the keys that change`}`,
      );
    const { verbs } = ctx;
    for (const key in update)
      if (Object.hasOwn(update, key)) for (const each of this.#writesTo(name, key, update[key], ctx)) verbs.write(key, each);
  }

  /** What a person writes to the state, as a node would. */
  async writesOf(update: Update): Promise<readonly (readonly [string, unknown])[]> {
    if (typeof update !== "object" || update === null || Array.isArray(update))
      throw this.#misfit("a person", "it is not an object of the keys that change");
    const fit = this.#hasSchemas ? await this.#checked("a person", update) : update;
    return Object.entries(fit).flatMap(([key, written]) =>
      this.#writesTo("a person", key, written, freshIds).map((each) => [key, each] as const),
    );
  }

  #writesTo(name: string, key: string, written: unknown, ids: NewIds): readonly unknown[] {
    if (written === undefined) return [];
    const channel = Object.hasOwn(this.#channels, key) ? this.#channels[key] : undefined;
    if (channel === undefined)
      throw this.#misfit(name, `it wrote "${key}", and the state has only ${Object.keys(this.#channels).join(", ")}`);
    const writes = channel.writes(written, ids, key);
    if ("refused" in writes) throw this.#misfit(name, `it wrote "${key}", and ${writes.refused}`);
    return writes;
  }

  #route(tasks: NodeTasks, name: string, input: NodeInput, update: Update, goto: Command["goto"], ctx: TaskContext): unknown {
    const { routes } = tasks;
    if (routes.length === 0 && goto.length === 0) return undefined;
    const onward: Onward = { labels: [], sends: null };
    for (const target of goto) this.#goto(tasks, name, target, onward);
    const end = (): unknown => {
      if (input.wasSent && tasks.gather !== null) return { labels: onward.labels, sends: [...(onward.sends ?? [])] } satisfies Chosen;
      this.#go(onward, ctx);
      return undefined;
    };
    if (routes.length === 0) return end();
    const after = this.#after(input.state, update);
    const decide = (from: number): unknown => {
      for (let index = from; index < routes.length; index++) {
        const route = routes[index] as RouteDefinition;
        const choice = route.decide(after as never, ctx);
        if (isThenable(choice))
          return choice.then((settled) => {
            this.#choose(routes, route, settled, onward);
            return decide(index + 1);
          });
        this.#choose(routes, route, choice, onward);
      }
      return end();
    };
    return decide(0);
  }

  #choose(routes: readonly RouteDefinition[], route: RouteDefinition, choice: unknown, onward: Onward): void {
    if (choice === undefined || choice === null) return;
    const choices: readonly unknown[] = Array.isArray(choice) ? choice : [choice];
    if (choices.length === 0) {
      // Nothing to do for any of them: what waits for them goes on.
      for (const node of route.sends) sentTo(onward, node);
      return;
    }
    let sends = false;
    for (const each of choices) {
      if (isSend(each)) {
        this.#send(route.from, route.sends, each, onward, `.route("${route.from}", …, { sends: ["${each.node}"] })`);
        sends = true;
        continue;
      }
      if (each === END && !Object.hasOwn(route.table, END)) continue;
      if (typeof each !== "string" || !Object.hasOwn(route.table, each))
        throw final(
          new HeddleError(
            "ROUTE_UNKNOWN",
            `The route from "${route.from}" of graph "${this.#graph}" said ${JSON.stringify(each) ?? typeof each}, which its table does not have. Its labels: ${[...Object.keys(route.table), "END"].join(", ")}.`,
            { data: { node: route.from, label: each, labels: Object.keys(route.table) } },
          ),
        );
      if (route.table[each] !== END) goBy(onward, labelOf(routes, route, each));
    }
    if (sends) for (const node of route.sends) if (this.#tasks.get(node)?.onlyJoined === true) sentTo(onward, node);
  }

  #goto({ node }: NodeTasks, name: string, target: string | Send, onward: Onward): void {
    if (isSend(target)) return this.#send(name, node.options.sends ?? [], target, onward, `node "${name}", { sends: ["${target.node}"] }`);
    if (target === END) return;
    const targets = node.options.goto ?? [];
    if (!targets.includes(target))
      throw final(
        new HeddleError(
          "ROUTE_UNKNOWN",
          `A command of node "${name}" of graph "${this.#graph}" goes to "${target}", which its option goto does not name. It names: ${targets.join(", ") || "none"}.`,
          { data: { node: name, label: target, labels: targets } },
        ),
      );
    goBy(onward, gotoLabel(target));
  }

  #send(from: string, allowed: readonly string[], { node, input }: Send, onward: Onward, where: string): void {
    if (!allowed.includes(node))
      throw final(
        new HeddleError(
          "ROUTE_UNKNOWN",
          `"${from}" of graph "${this.#graph}" sends to "${node}", which it was not said to send to. It may send to: ${allowed.join(", ") || "none"}. Say so where it is defined: ${where}.`,
          { data: { node: from, label: node, labels: allowed } },
        ),
      );
    sentTo(onward, node).push(input);
  }

  #go({ labels, sends }: Onward, ctx: TaskContext): void {
    const { verbs } = ctx;
    for (const label of labels.length > 1 ? new Set(labels) : labels) verbs.take(label);
    if (sends !== null) for (const [node, inputs] of sends) verbs.spawn(this.#tasks.get(node)?.each as string, inputs);
  }

  /** The state as the node leaves it, without what others of its round write. */
  #after(state: State, update: Update): State {
    const after: Record<string, unknown> = { ...state };
    for (const key of Object.keys(update)) {
      const written = update[key];
      const channel = this.#channels[key];
      if (written !== undefined && channel !== undefined) after[key] = channel.apply(after[key], written);
    }
    return after;
  }

  async #checked(name: string, update: Update): Promise<Update> {
    const fit: Record<string, unknown> = { ...update };
    for (const [key, written] of Object.entries(update)) {
      const channel = this.#channels[key];
      if (channel?.schema !== undefined && written !== undefined)
        fit[key] =
          name === "START"
            ? await checkWrite(channel, written, `the input's "${key}" for graph "${this.#graph}"`, "INPUT_INVALID")
            : await checkWrite(channel, written, `what node "${name}" wrote to "${key}"`, "OUTPUT_INVALID");
    }
    return fit;
  }

  #misfit(name: string, why: string): Error {
    return final(
      new HeddleError(
        "UPDATE_INVALID",
        `${name === "a person" ? `What was sent to a run of graph "${this.#graph}"` : `What node "${name}" of graph "${this.#graph}" returned`} is no update: ${why}.`,
        {
          data: { node: name },
        },
      ),
    );
  }
}

function goBy(onward: Onward, label: string): void {
  // Most take one: a literal takes no spare room.
  if (onward.labels.length === 0) onward.labels = [label];
  else onward.labels.push(label);
}

/** What a node is sent, to which more may be added. */
function sentTo(onward: Onward, node: string): unknown[] {
  const sends = (onward.sends ??= new Map());
  let inputs = sends.get(node);
  if (inputs === undefined) sends.set(node, (inputs = []));
  return inputs;
}

/** What is written as the channel's schema gives it back; of a list, each item that is put in. */
export async function checkWrite(
  { kind, schema }: StateChannel,
  written: unknown,
  what: string,
  code: "INPUT_INVALID" | "OUTPUT_INVALID",
): Promise<unknown> {
  if (schema === undefined) return written;
  if ((kind !== "append" && kind !== "mergeBy" && kind !== "messages") || !Array.isArray(written))
    return checkWithSchema(schema, written, what, code);
  const items: unknown[] = [];
  for (const [index, item] of written.entries())
    items.push(
      typeof item === "object" && item !== null && "$remove" in item
        ? item
        : await checkWithSchema(schema, item, `item ${index} of ${what}`, code),
    );
  return items;
}

/** What its code is given: what it was sent, or the state, of which it may be said to read only some keys. */
function givenTo({ node }: NodeTasks, input: NodeInput): never {
  if (input.wasSent) return input.item as never;
  const { reads } = node.options;
  const { state } = input;
  if (reads === undefined) return state as never;
  return Object.freeze(Object.fromEntries(reads.flatMap((key) => (Object.hasOwn(state, key) ? [[key, state[key]]] : [])))) as never;
}

/** The error tells the node that it comes from, through all graphs that it passes. */
function namedIn(node: string, error: unknown): unknown {
  if (error instanceof Error && Object.isExtensible(error)) {
    const { data } = error as { readonly data?: unknown };
    const told = typeof data === "object" && data !== null ? (data as { readonly path?: unknown }) : {};
    const inner = Array.isArray(told.path) ? (told.path as readonly unknown[]) : [];
    Object.defineProperty(error, "data", {
      value: { ...told, path: [node, ...inner] },
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return error;
}

/** Trying again would end the same. */
function final(error: HeddleError): HeddleError {
  return Object.assign(error, { final: true });
}
