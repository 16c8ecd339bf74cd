import type { ErrorValue, Json, Outcome, RunState, StartTask, Task } from "@heddle/kernel";
import { amendmentsOf, lastOutcome } from "@heddle/kernel/internal";
import type { InputSource } from "../../engine/input-source.ts";
import type { KeptRecord } from "./node-record.ts";
import { dependenciesOf, resultTask, type ResultSpec, specOf } from "./node-spec.ts";
import type { DagReport, NodeOutcome } from "./report.ts";

/** How all nodes ended and what they left, as the journal holds it. */
export interface ResultInput {
  readonly spec: ResultSpec;
  readonly outcomes: DagReport["outcomes"];
  readonly metadata: Readonly<Record<string, Json>>;
  /** Of the nodes whose payload may be the run's: what they left, if they completed. */
  readonly records: ReadonlyMap<string, KeptRecord>;
  readonly runInput: () => unknown;
}

type Held = Omit<ResultInput, "runInput">;

const completed: NodeOutcome = { status: "completed" };

/** How all nodes ended and what they left, those that were added on the way among them. Taken when nothing else is due, so that it stays so. */
export class ResultSource implements InputSource<Held> {
  readonly #spec: ResultSpec;

  constructor(spec: ResultSpec) {
    this.#spec = spec;
  }

  take(state: RunState, { scope }: StartTask): Held {
    const outcomes: Record<string, NodeOutcome> = {};
    const metadata: Record<string, Json> = {};
    for (const id of state.plan.taskIds) {
      const outcome = id === resultTask ? undefined : lastOutcome(state, id, scope);
      if (outcome === undefined) continue;
      const record = recordOf(outcome);
      outcomes[id] = record === undefined ? nodeOutcome(outcome) : (recordOutcome(record) ?? completed);
      if (record?.metadata !== undefined) metadata[id] = record.metadata;
    }
    const spec = grownSpec(this.#spec, amendmentsOf(state));
    const records = new Map<string, KeptRecord>();
    const add = (id: string): void => {
      const record = recordOf(lastOutcome(state, id, scope));
      if (record !== undefined) records.set(id, record);
    };
    for (const sink in spec.payloads) {
      add(sink);
      spec.payloads[sink]?.forEach(add);
    }
    return { spec, outcomes, metadata, records };
  }

  read(held: Held, _: StartTask, runInput: () => unknown): ResultInput {
    return { ...held, runInput };
  }

  isStillHeld(): boolean {
    return true;
  }

  write({ records, ...rest }: Held): Json {
    return { ...rest, records: [...records] } as unknown as Json;
  }

  parse(json: Json): Held {
    const { records, ...rest } = json as unknown as Omit<Held, "records"> & {
      readonly records: readonly (readonly [string, KeptRecord])[];
    };
    return { ...rest, records: new Map(records) };
  }
}

function recordOf(outcome: Outcome | undefined): KeptRecord | undefined {
  return outcome?.status === "completed" ? (outcome.value as unknown as KeptRecord) : undefined;
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
