import { append, ephemeral, fold, last, messages, type StateChannel, value } from "heddle";
import { type CompiledChannel, isRecord } from "./compiled-shape.ts";
import { toLive, toPlain } from "./live-values.ts";
import { messageUpdate, toLiveMessages } from "./message-values.ts";

/** A state key of LangGraph's as one of ours. */
export interface ImportedChannel {
  readonly channel: StateChannel;
  /** What a node writes, as our channel takes it. */
  toUpdate(written: unknown, held: unknown): unknown;
  /** What a node is given of it. */
  toState(held: unknown): Promise<unknown>;
}

/** Why a state key has no counterpart here. */
export interface ChannelRefusal {
  readonly reason: string;
}

type Operator = (held: unknown, written: unknown) => unknown;

/** What asks a reducer to replace what is held, whatever that is. */
const overwriteKey = "__overwrite__";
const messageReducers = ["messagesStateReducer", "addMessages"];

export function importChannel(compiled: CompiledChannel): ImportedChannel | ChannelRefusal {
  const { lc_graph_name: kind, operator, initialValueFactory } = compiled;
  const initial = toPlain(initialValueFactory?.());
  switch (kind) {
    case "LastValue":
      return plain(value(initial));
    case "AnyValue":
      return plain(last());
    case "EphemeralValue":
      if (compiled.guard === false) return { reason: "of several writers of one step the last counts, and here they are a conflict" };
      return plain(ephemeral());
    case "BinaryOperatorAggregate":
      if (operator === undefined) return { reason: "it has no operator" };
      return messageReducers.includes(operator.name) ? messageChannel(operator) : folded(operator, initial);
    case "Topic":
      if (compiled.accumulate !== true)
        return { reason: "a Topic that is emptied after each step holds a list for one step, which no channel here does" };
      if (compiled.unique === true)
        return { reason: "a Topic of unique values would have to compare them with all before, which no channel here does" };
      return { ...plain(append()), toUpdate: (written) => toPlain(Array.isArray(written) ? written : [written]) };
    default:
      return { reason: `it is a ${kind ?? "channel without a name"}, and no channel here does what that does` };
  }
}

function plain(channel: StateChannel): ImportedChannel {
  return { channel, toUpdate: toPlain, toState: toLive };
}

/** The operator is given plain values: what is folded is recorded. */
function folded(operator: Operator, initial: unknown): ImportedChannel {
  const reducer = (held: unknown, written: unknown): unknown => {
    if (isRecord(written) && overwriteKey in written) return written[overwriteKey];
    return held === undefined ? written : operator(held, written);
  };
  const channel = fold<unknown>(reducer, initial);
  return {
    channel,
    toUpdate: (written) =>
      isRecord(written) && overwriteKey in written ? { [overwriteKey]: toPlain(written[overwriteKey]) } : toPlain(written),
    toState: toLive,
  };
}

function messageChannel(operator: Operator): ImportedChannel {
  return {
    channel: messages(),
    toUpdate: (written, held) => messageUpdate(operator, written, held),
    toState: (held) => toLiveMessages(operator, held),
  };
}
