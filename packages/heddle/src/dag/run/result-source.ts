import { decodeValue, type ErrorValue, type Json, type Outcome, type RunState, type StartTask, type Task } from "@heddle/kernel";
import { amendmentsOf, lastOutcome, taskValue } from "@heddle/kernel/internal";
import type { InputSource } from "../../engine/input-source.ts";
import type { KeptRecord } from "./node-record.ts";
import { dependenciesOf, resultTask, type ResultSpec, specOf } from "./node-spec.ts";
import type { NodeOutcome, ReportParts } from "./report.ts";

/** What the code of the result is given. */
export interface ResultInput extends ReportParts {
  readonly spec: ResultSpec;
}

interface Held {
  readonly spec: ResultSpec;
  readonly outcomes: readonly (readonly [id: string, outcome: NodeOutcome])[];
  readonly records: ReadonlyMap<string, Json | undefined>;
}

/** How all nodes ended and what they left, those that were added on the way among them. Taken when nothing else is due, so that it stays so. */
export class ResultSource implements InputSource<Held> {
  readonly #spec: ResultSpec;

  constructor(spec: ResultSpec) {
    this.#spec = spec;
  }

  take(state: RunState, { scope }: StartTask): Held {
    const outcomes: [string, NodeOutcome][] = [];
    const records = new Map<string, Json | undefined>();
    for (const id of state.plan.taskIds) {
      const outcome = id === resultTask ? undefined : lastOutcome(state, id, scope);
      if (outcome === undefined) continue;
      const record = outcome.status === "completed" ? taskValue(state, id, scope) : undefined;
      outcomes.push([id, recordOutcome(record as KeptRecord | undefined) ?? nodeOutcome(outcome)]);
      if (outcome.status === "completed") records.set(id, record);
    }
    return { spec: grownSpec(this.#spec, amendmentsOf(state)), outcomes, records };
  }

  read({ spec, outcomes, records }: Held, _: StartTask, runInput: () => unknown): ResultInput {
    const metadata: [string, Readonly<Record<string, unknown>>][] = [];
    for (const [id, record] of records) {
      const own = (record as KeptRecord | undefined)?.metadata;
      if (own !== undefined) metadata.push([id, decodeValue(own) as Record<string, unknown>]);
    }
    const payloadOf = (id: string): unknown => {
      const payload = (records.get(id) as KeptRecord | undefined)?.payload;
      return payload === undefined ? undefined : decodeValue(payload);
    };
    const isPassed = (id: string): boolean => records.has(id) && (records.get(id) as KeptRecord | undefined)?.skipped !== "dependents";
    return {
      spec,
      outcomes: Object.fromEntries(outcomes),
      metadata: Object.fromEntries(metadata),
      payloadOf,
      isPassed,
      runInput,
    };
  }

  isStillHeld(): boolean {
    return true;
  }

  write({ spec, outcomes, records }: Held): Json {
    return {
      spec: spec as unknown as Json,
      outcomes: outcomes.map(([id, outcome]) => [id, outcome as unknown as Json]),
      records: [...records].map(([id, record]) => [id, record === undefined ? [] : [record]]),
    };
  }

  parse(json: Json): Held {
    const written = json as unknown as {
      readonly spec: ResultSpec;
      readonly outcomes: Held["outcomes"];
      readonly records: readonly (readonly [string, readonly Json[]])[];
    };
    return { spec: written.spec, outcomes: written.outcomes, records: new Map(written.records.map(([id, [record]]) => [id, record])) };
  }
}

/** Nodes that were added are sinks like others, and what they depend on is none any more. */
function grownSpec(spec: ResultSpec, amendments: readonly Readonly<Record<string, Task>>[]): ResultSpec {
  if (spec.output !== undefined || amendments.length === 0) return spec;
  const payloads = new Map(Object.entries(spec.payloads));
  const added = amendments.flatMap((tasks) => Object.entries(tasks));
  for (const [id, task] of added) {
    const { intent, merge, payload = [] } = specOf(task);
    payloads.set(id, intent === "transform" || merge !== undefined ? [id] : payload);
  }
  for (const [, task] of added) for (const id of dependenciesOf(task)) payloads.delete(id);
  return { ...spec, payloads: Object.fromEntries(payloads) };
}

/** What a record says beyond "completed"; undefined: nothing. */
export function recordOutcome(record: Pick<KeptRecord, "skipped" | "partial"> | undefined): NodeOutcome | undefined {
  if (record?.skipped !== undefined) return { status: "skipped" };
  return record?.partial === true ? { status: "completed", partial: true } : undefined;
}

function nodeOutcome(outcome: Outcome): NodeOutcome {
  switch (outcome.status) {
    case "completed":
    case "skipped":
      return { status: outcome.status };
    case "blocked":
      return { status: "blocked", by: outcome.by };
    default:
      return outcome.error === undefined ? { status: outcome.status } : { status: outcome.status, error: errorOf(outcome.error) };
  }
}

function errorOf({ message, code }: ErrorValue): NonNullable<NodeOutcome["error"]> {
  return { message, ...(code === undefined ? null : { code }) };
}
