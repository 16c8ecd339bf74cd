import type { Json } from "@heddle/kernel";
import type { DagNode } from "../config/dag-config.ts";
import type { TaskContext } from "../../engine/frame/task-context.ts";

/** What a processor is given. */
export interface ProcessorRequest {
  /** The payload of the nearest transform before the node, or the run's input; undefined when that transform did not complete (`best_effort`). */
  readonly payload: unknown;
  /** Metadata of the nodes in `depends_on`, by their ids. */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly options: Readonly<Record<string, Json>>;
  /** Nodes in `depends_on` that did not complete, and the node that the payload should have come from; empty but for `best_effort`. */
  readonly missing: readonly string[];
  /** For durable steps, questions, children: as in any workflow. */
  readonly ctx: TaskContext;
}

/** What a processor answers. */
export interface ProcessorResponse {
  /** Of a transform: what comes after it gets this. Of an analyzer it is ignored. */
  readonly payload?: unknown;
  /** Kept under the node's id. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Nodes to add to this run, which depend on nodes of the DAG, this one among them, and on each other. Checked as a file is; a node that runs again
   * may add the same again. What is added and depended on by nothing takes part in the run's payload as any sink does.
   */
  readonly add?: readonly DagNode[];
}

export type Processor = (request: ProcessorRequest) => ProcessorResponse | Promise<ProcessorResponse>;

/** Makes one payload of several, in the order of `depends_on`. */
export type CustomMerge = (payloads: readonly { readonly id: string; readonly payload: unknown }[]) => unknown;
