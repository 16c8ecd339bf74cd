import { decodeValue, type Json, type RunState, type StartTask } from "@heddle/kernel";
import { itemsByNumber, valueByNumber } from "@heddle/kernel/internal";
import type { Source } from "./task-table.ts";

/**
 * What a task's sources held when it was started, as it is kept: by source, and by item where that was spawned. A source may end again while
 * the task is under way: what the task was started with is still there for a retry and after a crash.
 */
export type Given = readonly (Json | undefined | Items)[];
type Items = readonly (Json | undefined)[];

export function givenTo(state: RunState, sources: readonly Source[], command: StartTask): Given {
  if (sources.length === 1) return [heldBy(state, sources[0] as Source, command)];
  const given = new Array<Given[number]>(sources.length);
  for (let index = 0; index < sources.length; index++) given[index] = heldBy(state, sources[index] as Source, command);
  return given;
}

/** The task's input: one source's value, or an array of all of theirs. */
export function inputFrom(sources: readonly Source[], given: Given): unknown {
  if (sources.length === 1) return valueOf(sources[0] as Source, given[0]);
  const values = new Array<unknown>(sources.length);
  for (let index = 0; index < sources.length; index++) values[index] = valueOf(sources[index] as Source, given[index]);
  return values;
}

/** Whether the state by itself would give the same. By identity: a state hands out what came with its events. */
export function isStillHeld(state: RunState, sources: readonly Source[], command: StartTask, given: Given): boolean {
  return sources.every((source, index) => heldBy(state, source, command) === given[index]);
}

/** As JSON, where nothing is undefined: each value in a list of its own, which is empty without one. */
export function writeGiven(sources: readonly Source[], given: Given): Json {
  return sources.map(({ items }, index) => {
    const held = given[index];
    return items ? ((held as Items | undefined) ?? []).map(writeValue) : writeValue(held as Json | undefined);
  });
}

export function readGiven(sources: readonly Source[], json: Json): Given {
  const written = json as readonly (readonly Json[])[];
  return sources.map(({ items }, index) => (items ? written[index]?.map((each) => (each as readonly Json[])[0]) : written[index]?.[0]));
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
