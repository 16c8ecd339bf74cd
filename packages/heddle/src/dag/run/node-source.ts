import { type CompiledPlan, decodeValue, type Json, type RunState, type StartTask } from "@heddle/kernel";
import { numberOf, valueByNumber } from "@heddle/kernel/internal";
import type { InputSource } from "../../engine/input-source.ts";
import type { KeptRecord } from "./node-record.ts";
import type { NodeSpec } from "./node-spec.ts";

/** What the code of a node is given. */
export interface NodeInput {
  readonly node: string;
  readonly spec: NodeSpec;
  /** From its providers, in their order, without those that are missing; from the run's input if it has none. */
  readonly payloads: readonly { readonly id: string; readonly payload: unknown }[];
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly missing: readonly string[];
}

/** The records of the providers, then those of the dependencies; undefined: the node did not complete. */
type Held = readonly (Json | undefined)[];

/**
 * A node's input: the payload of its nearest transform, wherever that is above it, and the metadata of what it depends on. Held by reference,
 * so that a payload is in memory once however many nodes read it.
 */
export class NodeSource implements InputSource<Held> {
  readonly #spec: NodeSpec;
  readonly #numbers: readonly number[];

  constructor(spec: NodeSpec, compiled: CompiledPlan) {
    this.#spec = spec;
    this.#numbers = [...spec.payload, ...spec.depends_on].map((id) => numberOf(compiled, id) ?? -1);
  }

  take(state: RunState, { scope }: StartTask): Held {
    return this.#numbers.map((number) => valueByNumber(state, number, scope));
  }

  read(held: Held, { task }: StartTask, runInput: () => unknown): NodeInput {
    const { payload, depends_on } = this.#spec;
    const missing = new Set<string>();
    const metadata: [string, Readonly<Record<string, unknown>>][] = [];
    for (const [index, id] of depends_on.entries()) {
      const record = held[payload.length + index] as KeptRecord | undefined;
      if (record === undefined || record.skipped === "dependents") missing.add(id);
      else if (record.metadata !== undefined) metadata.push([id, decodeValue(record.metadata) as Record<string, unknown>]);
    }
    const payloads: { id: string; payload: unknown }[] = payload.length === 0 ? [{ id: "", payload: runInput() }] : [];
    for (const [index, id] of payload.entries()) {
      const record = held[index] as KeptRecord | undefined;
      if (record?.payload === undefined) missing.add(id);
      else payloads.push({ id, payload: decodeValue(record.payload) });
    }
    return { node: task, spec: this.#spec, payloads, metadata: Object.fromEntries(metadata), missing: [...missing] };
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
