/** What a node returns instead of an update when it also says where to go on. Made by `command`. */
export interface Command<Update = unknown, Target extends string = string> {
  readonly [commandMark]: true;
  readonly update?: Update;
  readonly goto: readonly (Target | Send)[];
  readonly graph: "own" | "parent";
}

/** An item of work for a node, with an input of its own instead of the state. Made by `send`. */
export interface Send<Node extends string = string> {
  readonly [sendMark]: true;
  readonly node: Node;
  readonly input: unknown;
}

export const commandMark: unique symbol = Symbol.for("heddle.command");
export const sendMark: unique symbol = Symbol.for("heddle.send");

/**
 * An update together with where to go on: nodes that this one names in its option `goto`, besides those that its edges lead to.
 *
 * With `graph: "parent"` it is the parent's: this graph ends, the update is written to the parent's state, and the parent goes on at `goto`.
 */
export function command<Update, const Target extends string = string>(given: {
  readonly update?: Update;
  readonly goto?: Target | Send<Target> | readonly (Target | Send<Target>)[];
  readonly graph?: "own" | "parent";
}): Command<Update, Target> {
  const { update, goto, graph = "own" } = given;
  const targets = goto === undefined ? [] : ((Array.isArray(goto) ? goto : [goto]) as readonly (Target | Send)[]);
  return { [commandMark]: true, ...(update === undefined ? null : { update }), goto: targets, graph };
}

/** Run a node once with this input in place of the state. Many are run beside each other; what comes after them waits for all. */
export function send<const Node extends string>(node: Node, input: unknown): Send<Node> {
  return { [sendMark]: true, node, input };
}

export function isCommand(value: unknown): value is Command {
  return typeof value === "object" && value !== null && commandMark in value;
}

export function isSend(value: unknown): value is Send {
  return typeof value === "object" && value !== null && sendMark in value;
}
