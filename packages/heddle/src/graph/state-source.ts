import { decodeValue, type Channel, type Json, type RunState, type StartTask } from "@heddle/kernel";
import { channelByNumber } from "@heddle/kernel/internal";
import type { InputSource } from "../engine/input-source.ts";
import { sharedGrown, sharedList, sharedValue } from "./shared-values.ts";

/** What a node's code begins with. */
export interface NodeInput {
  readonly state: Readonly<Record<string, unknown>>;
  /** What it was sent; undefined with `wasSent` false: it is run with the state. */
  readonly item: unknown;
  readonly wasSent: boolean;
}

class TakenInput implements NodeInput {
  readonly item: unknown;
  readonly wasSent: boolean;
  readonly #source: StateSource;
  readonly #given: Given;
  #state: Readonly<Record<string, unknown>> | null = null;

  constructor(source: StateSource, given: Given, item: unknown, wasSent: boolean) {
    this.item = item;
    this.wasSent = wasSent;
    this.#source = source;
    this.#given = given;
  }

  /** Made when it is first asked for: of what is sent, only routes look at it. */
  get state(): Readonly<Record<string, unknown>> {
    return (this.#state ??= this.#source.stateOf(this.#given));
  }
}

/** By channel, what it held; undefined: nothing. */
type Given = readonly (Json | undefined)[];

/** What a list that only grows was decoded to last. */
interface Grown {
  readonly json: Json;
  readonly list: readonly unknown[];
}

/** A node is given what the state's keys held when its round began. */
export class StateSource implements InputSource<Given> {
  readonly #keys: readonly string[];
  readonly #kinds: readonly Channel["kind"][];
  readonly #growing: readonly number[];
  readonly #grown = new WeakMap<RunState, (Grown | undefined)[]>();

  /** @param keys in the order of the plan's channels; `kinds`: of these */
  constructor(keys: readonly string[], kinds: readonly Channel["kind"][]) {
    this.#keys = keys;
    this.#kinds = kinds;
    this.#growing = kinds.flatMap((kind, number) => (kind === "append" ? [number] : []));
  }

  take(state: RunState): Given {
    const given = new Array<Json | undefined>(this.#keys.length);
    for (let number = 0; number < given.length; number++) given[number] = channelByNumber(state, number);
    if (this.#growing.length > 0) this.#grow(state, given);
    return given;
  }

  #grow(state: RunState, given: Given): void {
    let known = this.#grown.get(state);
    if (known === undefined) {
      known = [];
      this.#grown.set(state, known);
    }
    for (const number of this.#growing) {
      const json = given[number] as readonly Json[];
      if (known[number]?.json !== json) known[number] = { json, list: sharedGrown(known[number]?.list, json) };
    }
  }

  read(given: Given, { input }: StartTask): NodeInput {
    return new TakenInput(this, given, input === undefined ? undefined : decodeValue(input), input !== undefined);
  }

  stateOf(given: Given): Readonly<Record<string, unknown>> {
    const state: Record<string, unknown> = {};
    for (let number = 0; number < given.length; number++) {
      const json = given[number];
      if (json !== undefined)
        state[this.#keys[number] as string] =
          this.#kinds[number] === "append" || this.#kinds[number] === "keyed" ? sharedList(json) : sharedValue(json);
    }
    return Object.freeze(state);
  }

  /** What a state holds before anything is written. */
  initialState(channels: readonly Channel[]): Readonly<Record<string, unknown>> {
    return this.stateOf(channels.map(initialValue));
  }

  isStillHeld(state: RunState, _command: StartTask, given: Given): boolean {
    return given.every((held, number) => held === channelByNumber(state, number));
  }

  /** JSON has no undefined: each value stands in a list of its own, which is empty without one. */
  write(given: Given): Json {
    return given.map((held) => (held === undefined ? [] : [held]));
  }

  parse(json: Json): Given {
    return (json as readonly (readonly Json[])[]).map((each) => each[0]);
  }
}

function initialValue(channel: Channel): Json | undefined {
  if (channel.kind === "append" || channel.kind === "keyed") return channel.initial ?? [];
  if (channel.kind === "sum") return channel.initial ?? 0;
  return "initial" in channel ? channel.initial : undefined;
}
