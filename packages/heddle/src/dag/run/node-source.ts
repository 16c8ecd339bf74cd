import { type CompiledPlan, decodeValue, type Json, type RunState, type StartTask, type Task } from "@heddle/kernel";
import { numberOf, valueByNumber } from "@heddle/kernel/internal";
import type { InputSource } from "../../engine/input-source.ts";
import type { KeptRecord } from "./node-record.ts";
import { dependenciesOf, type NodeSpec, specOf } from "./node-spec.ts";

/** What the code of a node is given. */
export interface NodeInput {
  readonly node: string;
  readonly spec: NodeSpec;
  /** From its providers, in their order, without those that are missing; from the run's input if it has none. */
  readonly payloads: readonly { readonly id: string; readonly payload: unknown }[];
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly missing: readonly string[];
}

/** The records of the dependencies, then those of the providers; undefined: the node did not complete. */
type Held = readonly (Json | undefined)[];

const nobody: readonly string[] = [];

/**
 * A node's input: the payload of its nearest transform, wherever that is above it, and the metadata of what it depends on. Held by reference,
 * so that a payload is in memory once however many nodes read it.
 */
export class NodeSource implements InputSource<Held> {
  readonly #spec: NodeSpec;
  readonly #dependencies: readonly string[];
  readonly #providers: readonly string[];
  readonly #numbers: readonly number[];

  constructor(task: Task, compiled: CompiledPlan) {
    this.#spec = specOf(task);
    this.#dependencies = dependenciesOf(task);
    this.#providers = this.#spec.payload ?? nobody;
    this.#numbers = [...this.#dependencies, ...this.#providers].map((id) => numberOf(compiled, id) ?? -1);
  }

  take(state: RunState, { scope }: StartTask): Held {
    const numbers = this.#numbers;
    const held = new Array<Json | undefined>(numbers.length);
    for (let index = 0; index < numbers.length; index++) held[index] = valueByNumber(state, numbers[index] as number, scope);
    return held;
  }

  read(held: Held, { task }: StartTask, runInput: () => unknown): NodeInput {
    const missing: string[] = [];
    const metadata: Record<string, Readonly<Record<string, unknown>>> = {};
    const dependencies = this.#dependencies;
    for (let index = 0; index < dependencies.length; index++) {
      const id = dependencies[index] as string;
      const record = held[index] as KeptRecord | undefined;
      if (record === undefined || record.skipped === "dependents") missing.push(id);
      else if (record.metadata !== undefined) metadata[id] = decodeValue(record.metadata) as Record<string, unknown>;
    }
    const providers = this.#providers;
    const payloads: { id: string; payload: unknown }[] = providers.length === 0 ? [{ id: "", payload: runInput() }] : [];
    for (let index = 0; index < providers.length; index++) {
      const id = providers[index] as string;
      const record = held[dependencies.length + index] as KeptRecord | undefined;
      if (record?.payload === undefined) missing.push(id);
      else payloads.push({ id, payload: decodeValue(record.payload) });
    }
    return { node: task, spec: this.#spec, payloads, metadata, missing: missing.length > 1 ? [...new Set(missing)] : missing };
  }

  isStillHeld(state: RunState, command: StartTask, held: Held): boolean {
    return this.take(state, command).every((record, index) => record === held[index]);
  }

  /** JSON has no undefined: each record stands in a list of its own, which is empty without one. */
  write(held: Held): Json {
    return held.map((record) => (record === undefined ? [] : [record]));
  }

  parse(json: Json): Held {
    return (json as readonly (readonly Json[])[]).map(([record]) => record);
  }
}
