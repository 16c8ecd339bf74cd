import type { Json } from "../value/json.ts";
import type { OpEnded, OpOpened } from "./event.ts";
import { find } from "./numbered.ts";
import type { Functions, FunctionState, RunState, Signal } from "./run-state.ts";

/** A durable function waits for something (rule 33). Dropped if its activation is not open. */
export function opOpened(state: RunState, event: OpOpened): void {
  functionState(state, event.of)?.operations.set(event.key, event);
}

export function opEnded(state: RunState, event: OpEnded): void {
  const open = state.functions?.open.get(event.of);
  const isOpen = find(state.live, event.of)?.type === "start-task";
  open?.operations.delete(event.key);
  if (isOpen && event.signal !== undefined) takeSignal(state, event.signal);
}

export function segmentStarted(state: RunState, of: number, input: Json): void {
  const open = functionState(state, of);
  if (open === undefined) return;
  open.operations.clear();
  open.segment++;
  open.input = input;
}

export function signalReceived(state: RunState, signal: Signal): void {
  const functions = functionsOf(state);
  functions.signals.set(signal.id, signal);
  const named = functions.signalsByName.get(signal.name);
  if (named === undefined) functions.signalsByName.set(signal.name, new Map([[signal.id, signal]]));
  else named.set(signal.id, signal);
}

function takeSignal(state: RunState, id: string): void {
  const functions = state.functions;
  const signal = functions?.signals.get(id);
  if (functions === undefined || signal === undefined) return;
  functions.signals.delete(id);
  const named = functions.signalsByName.get(signal.name)!;
  named.delete(id);
  if (named.size === 0) functions.signalsByName.delete(signal.name);
}

function functionState(state: RunState, of: number): FunctionState | undefined {
  if (find(state.live, of)?.type !== "start-task") return undefined;
  const { open } = functionsOf(state);
  let found = open.get(of);
  if (found === undefined) open.set(of, (found = { operations: new Map(), segment: 1, input: undefined }));
  return found;
}

function functionsOf(state: RunState): Functions {
  return (state.functions ??= { open: new Map(), signals: new Map(), signalsByName: new Map() });
}
