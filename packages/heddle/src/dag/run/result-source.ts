import { type CompiledPlan, decodeValue, type ErrorValue, type Json, type Outcome, type RunState, type StartTask } from "@heddle/kernel";
import { lastOutcome, taskValue } from "@heddle/kernel/internal";
import type { InputSource } from "../../engine/input-source.ts";
import type { KeptRecord } from "./node-record.ts";
import { resultTask, type ResultSpec } from "./node-spec.ts";
import type { NodeOutcome, ReportParts } from "./report.ts";

/** What the code of the result is given. */
export interface ResultInput extends ReportParts {
  readonly spec: ResultSpec;
}

interface Held {
  readonly outcomes: readonly (readonly [id: string, outcome: NodeOutcome])[];
  readonly records: ReadonlyMap<string, Json | undefined>;
}

/** How all nodes ended and what they left, those that were added on the way among them. Taken when nothing else is due, so that it stays so. */
export class ResultSource implements InputSource<Held> {
  readonly #spec: ResultSpec;
  readonly #compiled: CompiledPlan;

  constructor(spec: ResultSpec, compiled: CompiledPlan) {
    this.#spec = spec;
    this.#compiled = compiled;
  }

  take(state: RunState, { scope }: StartTask): Held {
    const outcomes: [string, NodeOutcome][] = [];
    const records = new Map<string, Json | undefined>();
    for (const id of this.#compiled.taskIds) {
      const outcome = id === resultTask ? undefined : lastOutcome(state, id, scope);
      if (outcome === undefined) continue;
      const record = outcome.status === "completed" ? taskValue(state, id, scope) : undefined;
      outcomes.push([id, recordOutcome(record as KeptRecord | undefined) ?? nodeOutcome(outcome)]);
      if (outcome.status === "completed") records.set(id, record);
    }
    return { outcomes, records };
  }

  read({ outcomes, records }: Held, _: StartTask, runInput: () => unknown): ResultInput {
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
      spec: this.#spec,
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

  write({ outcomes, records }: Held): Json {
    return {
      outcomes: outcomes.map(([id, outcome]) => [id, outcome as unknown as Json]),
      records: [...records].map(([id, record]) => [id, record === undefined ? [] : [record]]),
    };
  }

  parse(json: Json): Held {
    const written = json as unknown as {
      readonly outcomes: Held["outcomes"];
      readonly records: readonly (readonly [string, readonly Json[]])[];
    };
    return { outcomes: written.outcomes, records: new Map(written.records.map(([id, [record]]) => [id, record])) };
  }
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
