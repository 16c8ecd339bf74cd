import { decodeValue, type CompiledPlan, type Json, type RunState, type StartTask, type Task } from "@heddle/kernel";
import { itemsByNumber, numberOf, valueByNumber } from "@heddle/kernel/internal";
import type { InputSource } from "./input-source.ts";

/** A task that another comes after, by its number; `items`: it is spawned, and all its items' values count. */
interface Source {
  readonly task: number;
  readonly items: boolean;
}

/** By source, and by item where that was spawned. */
type Given = readonly (Json | undefined | Items)[];
type Items = readonly (Json | undefined)[];

/** A task's input is the values of the tasks that it comes after: one's value, or an array of all of theirs in the order of its edges. */
export class EdgeSources implements InputSource<Given> {
  readonly #sources: readonly Source[];

  private constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  /** Null: it comes after no task, so its input is the run's. */
  static of(task: Task, compiled: CompiledPlan): EdgeSources | null {
    const sources: Source[] = [];
    for (const trigger of task.when) {
      if (!("after" in trigger)) continue;
      for (const { from, on } of trigger.after) {
        const number = numberOf(compiled, from);
        if (number !== undefined && !sources.some((source) => source.task === number))
          sources.push({ task: number, items: on === "drained" });
      }
    }
    return sources.length === 0 ? null : new EdgeSources(sources);
  }

  take(state: RunState, command: StartTask): Given | null {
    if (command.input !== undefined) return null;
    const sources = this.#sources;
    if (sources.length === 1) return [heldBy(state, sources[0] as Source, command)];
    const given = new Array<Given[number]>(sources.length);
    for (let index = 0; index < sources.length; index++) given[index] = heldBy(state, sources[index] as Source, command);
    return given;
  }

  read(given: Given): unknown {
    const sources = this.#sources;
    if (sources.length === 1) return valueOf(sources[0] as Source, given[0]);
    const values = new Array<unknown>(sources.length);
    for (let index = 0; index < sources.length; index++) values[index] = valueOf(sources[index] as Source, given[index]);
    return values;
  }

  isStillHeld(state: RunState, command: StartTask, given: Given): boolean {
    return this.#sources.every((source, index) => heldBy(state, source, command) === given[index]);
  }

  /** JSON has no undefined: each value stands in a list of its own, which is empty without one. */
  write(given: Given): Json {
    return this.#sources.map(({ items }, index) => {
      const held = given[index];
      return items ? ((held as Items | undefined) ?? []).map(writeValue) : writeValue(held as Json | undefined);
    });
  }

  parse(json: Json): Given {
    const written = json as readonly (readonly Json[])[];
    return this.#sources.map(({ items }, index) =>
      items ? written[index]?.map((each) => (each as readonly Json[])[0]) : written[index]?.[0],
    );
  }
}

function writeValue(value: Json | undefined): Json {
  return value === undefined ? [] : [value];
}

function heldBy(state: RunState, source: Source, command: StartTask): Given[number] {
  return source.items ? itemsByNumber(state, source.task, command.scope) : valueByNumber(state, source.task, command.scope);
}

function valueOf(source: Source, held: Given[number]): unknown {
  if (source.items) return ((held as Items | undefined) ?? []).map(decoded);
  return decoded(held as Json | undefined);
}

function decoded(value: Json | undefined): unknown {
  return value === undefined ? undefined : decodeValue(value);
}
