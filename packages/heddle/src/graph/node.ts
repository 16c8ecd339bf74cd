import type { RetryPolicy } from "@heddle/kernel";
import type { TaskContext } from "../engine/frame/task-context.ts";
import type { Duration } from "../workflow/context.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { Command, Send } from "./command.ts";

/** What a node's code gets besides the state: a durable function's `ctx`, without what steers a plan or begins a function anew. */
export type NodeContext = Omit<TaskContext, "verbs" | "continueAs">;

/** What a node may return: an update of some keys, a command, or nothing. */
export type NodeResult<Update> = Update | Command<Update> | undefined | null | void;

/** A node's code. `state` is what the state held when its round began, frozen; of a node that was sent to, the input that it was sent. */
export type NodeFunction<State, Update> = (state: State, ctx: NodeContext) => NodeResult<Update> | Promise<NodeResult<Update>>;

export interface NodeOptions<State = never, Update = unknown> {
  /** Attempts, or a policy. Default: 1 attempt. A conflict, a misfit update and a wrong route are never tried again. */
  readonly retry?: number | RetryPolicy;
  /** Longest time of one attempt. */
  readonly timeout?: Duration;
  /** Longest time over all attempts and the waits between them. */
  readonly totalTimeout?: Duration;
  /** Called when its last attempt has failed; what it returns counts as if the node had returned it. Throws: the node fails with that. */
  readonly onError?: (error: Error, state: State, ctx: NodeContext) => NodeResult<Update> | Promise<NodeResult<Update>>;
  /** Do not run it again for the same state (of its `reads`) within `ttl`: its result is taken from this process's memory, and recorded like any other. */
  readonly cache?: {
    readonly ttl: Duration;
    /** What must be the same. Default: everything that it reads. */
    readonly key?: (state: State) => unknown;
  };
  /** Wait until nothing else is due in the graph. */
  readonly defer?: boolean;
  /** Nodes that its commands go to. */
  readonly goto?: readonly string[];
  /** Nodes that its commands send to. */
  readonly sends?: readonly string[];
  /** The only keys of the state that it is given. Default: all. */
  readonly reads?: readonly string[];
  /** For people and diagrams. */
  readonly title?: string;
}

/** How a workflow that stands as a node is fitted into the state. A graph needs neither: keys that both have are passed in and out. */
export interface SubgraphOptions<State = never, Update = unknown, Input = never, Output = never> extends NodeOptions<State, Update> {
  readonly input?: (state: State) => Input;
  readonly output?: (result: Output, state: State) => Update;
}

/** A node as the builder keeps it. */
export interface NodeDefinition {
  readonly name: string;
  readonly run: NodeFunction<never, unknown> | Workflow<never, unknown>;
  readonly options: SubgraphOptions<never, unknown, unknown, never>;
}

/** From several at once: it waits for all of them, and then for all of them again. */
export interface EdgeDefinition {
  readonly from: readonly string[];
  readonly to: string;
  readonly waits: boolean;
}

/** What a route may say: a label of its table, `send`s, or several of both; nothing ends this branch. */
export type RouteChoice = string | Send | readonly (string | Send)[] | undefined | null | void;

export interface RouteDefinition {
  readonly from: string;
  readonly decide: (state: never, ctx: NodeContext) => unknown;
  readonly table: Readonly<Record<string, string>>;
  readonly sends: readonly string[];
}
