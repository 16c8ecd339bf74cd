import { HeddleError } from "@heddle/kernel";
import { command, END, type NodeFunction, type NodeResult, send, type Send } from "heddle";
import { type CompiledNode, isRecord } from "./compiled-shape.ts";
import type { ImportedChannel } from "./import-channels.ts";
import { invokeNode } from "./invoke-node.ts";
import { toLive, toPlain } from "./live-values.ts";
import { mayRetry } from "./retry-rule.ts";

type State = Readonly<Record<string, unknown>>;
type Update = Record<string, unknown>;

/** What LangGraph's code works on, and what is recorded, of the state and of what nodes return. */
export class NodeBridge {
  readonly #channels: ReadonlyMap<string, ImportedChannel>;
  readonly #store: unknown;

  /** @param store LangGraph's long-term memory, which nodes find in their config */
  constructor(channels: ReadonlyMap<string, ImportedChannel>, store: unknown) {
    this.#channels = channels;
    this.#store = store;
  }

  /** A node of LangGraph's as one of ours. */
  nodeFunction(name: string, { runnable, retryPolicy }: CompiledNode): NodeFunction<State, Update> {
    return async (given, ctx) => {
      // Sent to, it is given what was sent, in place of the state.
      const wasSent = ctx.task.scope.length > 0;
      const input = wasSent ? await toLive(given) : await this.liveState(given);
      try {
        const result = await invokeNode(runnable, input, ctx, { name, store: this.#store });
        return this.#toResult(name, result, wasSent ? {} : given);
      } catch (error) {
        if (retryPolicy !== undefined && error instanceof Error && !mayRetry(error, retryPolicy)) Object.assign(error, { final: true });
        throw error;
      }
    };
  }

  /** The state as LangGraph's code reads it; keys without a value are not there. */
  async liveState(state: State): Promise<State> {
    const held = Object.entries(state).filter(([, value]) => value !== undefined);
    return Object.fromEntries(
      await Promise.all(held.map(async ([key, value]) => [key, await (this.#channels.get(key)?.toState(value) ?? value)])),
    );
  }

  /** Where LangGraph's code says to go on: nodes, and sends. */
  targets(said: unknown): (string | Send)[] {
    const list: readonly unknown[] = Array.isArray(said) ? said : said === undefined || said === null ? [] : [said];
    return list.map((each) => (isNamed(each, "Send") ? send(String(each["node"]), toPlain(each["args"])) : (each as string)));
  }

  #toResult(name: string, result: unknown, state: State): NodeResult<Update> {
    if (result === undefined || result === null) return undefined;
    const parts = Array.isArray(result) ? result : [result];
    if (!parts.some((part) => isNamed(part, "Command"))) return this.#toUpdate(name, Object.entries(result), state);
    const update: Update = {};
    const goto: (string | Send)[] = [];
    let parent = false;
    for (const part of parts as readonly Record<string, unknown>[]) {
      const isCommand = isNamed(part, "Command");
      const written = this.#toUpdate(name, isCommand ? entriesOf(part["update"]) : Object.entries(part), state);
      for (const key of Object.keys(written)) if (Object.hasOwn(update, key)) throw twice(name, key);
      Object.assign(update, written);
      if (!isCommand) continue;
      parent ||= part["graph"] === "__parent__";
      goto.push(...this.targets(part["goto"]).filter((target) => target !== END));
    }
    return command({ update, goto, graph: parent ? "parent" : "own" });
  }

  /** LangGraph leaves out keys that its state does not have. */
  #toUpdate(name: string, entries: readonly (readonly [string, unknown])[], state: State): Update {
    const update: Update = {};
    for (const [key, value] of entries) {
      const channel = this.#channels.get(key);
      if (channel === undefined || value === undefined) continue;
      if (Object.hasOwn(update, key)) throw twice(name, key);
      update[key] = channel.toUpdate(value, state[key] ?? []);
    }
    return update;
  }
}

/** LangGraph's own objects say what they are. */
function isNamed(value: unknown, name: string): value is Record<string, unknown> {
  return isRecord(value) && value["lg_name"] === name;
}

function entriesOf(update: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(update)) return update as [string, unknown][];
  return isRecord(update) ? Object.entries(update) : [];
}

function twice(node: string, key: string): HeddleError {
  return Object.assign(
    new HeddleError("UPDATE_INVALID", `Node "${node}" wrote "${key}" twice in one result: an imported node may write each key once.`, {
      data: { node, key },
    }),
    { final: true },
  );
}
