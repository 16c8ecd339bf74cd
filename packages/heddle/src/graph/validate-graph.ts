import { nearest } from "../engine/nearest.ts";
import { END, START, type GraphShape } from "./graph-shape.ts";

/** One thing that is wrong with a graph, or looks wrong. */
export interface GraphFault {
  readonly code:
    | "node-duplicate"
    | "node-name"
    | "node-unknown"
    | "node-unreachable"
    | "no-entry"
    | "edge-from-end"
    | "edge-into-start"
    | "edge-empty"
    | "route-empty"
    | "label-name"
    | "key-name"
    | "key-unknown"
    | "key-private"
    | "key-shared"
    | "option-invalid"
    | "no-way-out"
    | "edge-repeated";
  /** Node, key or label that it is about. */
  readonly at: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface GraphFindings {
  /** The graph cannot run. */
  readonly faults: readonly GraphFault[];
  /** It can, but is likely not what was meant. */
  readonly warnings: readonly GraphFault[];
}

const idPattern = /^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$/;
/** Without a colon: labels with one are the plan's own. */
const labelPattern = /^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** Everything that is wrong with a graph, all at once. Cost: its nodes and edges. */
export function validateGraph(shape: GraphShape): GraphFindings {
  const check = new GraphCheck(shape);
  check.names();
  checkKeys(shape, check.fault);
  check.edges();
  check.routes();
  check.commands();
  check.subgraphs();
  check.stops();
  check.reach();
  return check;
}

type Fault = (code: GraphFault["code"], at: string, message: string) => void;

/** Names by number, START and END among them: what leads where is lists of numbers. Sentences are put together only for what is wrong. */
class GraphCheck implements GraphFindings {
  readonly faults: GraphFault[] = [];
  readonly warnings: GraphFault[] = [];
  readonly #shape: GraphShape;
  readonly #numbers = new Map<string, number>([
    [START, 0],
    [END, 1],
  ]);
  readonly #names: string[] = [START, END];
  readonly #onward: number[][] = [[], []];
  /** Tell of what is wrong. */
  readonly fault: Fault = (code, at, message) => void this.faults.push({ code, at, message });

  constructor(shape: GraphShape) {
    this.#shape = shape;
  }

  names(): void {
    for (const { name } of this.#shape.nodes) {
      if (name === START || name === END || !idPattern.test(name)) {
        this.fault(
          "node-name",
          name,
          `"${name}" cannot name a node: begin with a letter, digit or _, then also . : and -, at most 100 characters.`,
        );
        if (name === START || name === END) continue;
      } else if (this.#numbers.has(name))
        this.fault("node-duplicate", name, `Two nodes are called "${name}": give one of them another name.`);
      if (this.#numbers.has(name)) continue;
      this.#numbers.set(name, this.#names.length);
      this.#names.push(name);
      this.#onward.push([]);
    }
  }

  edges(): void {
    const seen = new Set<string>();
    for (const edge of this.#shape.edges) {
      const { from, to, waits } = edge;
      const by = (): string => `The edge ${from.join(" + ")} → ${to}`;
      if (from.length === 0) this.fault("edge-empty", to, `An edge to "${to}" comes from no node: name at least one.`);
      for (const each of from) this.#lead(each, to, by);
      if (waits) continue;
      const key = `${from[0]} ${to}`;
      if (seen.has(key)) this.warnings.push({ code: "edge-repeated", at: to, message: `${by()} stands there twice: it counts once.` });
      seen.add(key);
    }
  }

  routes(): void {
    for (const { from, table, sends } of this.#shape.routes) {
      const by = (): string => `The route from ${from}`;
      const labels = Object.keys(table);
      if (labels.length === 0 && sends.length === 0) {
        this.#number(from, "comes from", by);
        this.fault("route-empty", from, `${by()} leads nowhere: give it a table of labels, or the nodes that it sends to.`);
      }
      for (const label of labels) {
        if (!labelPattern.test(label))
          this.fault(
            "label-name",
            label,
            `${by()} has the label "${label}": begin with a letter, digit or _, then also . and -, at most 100 characters.`,
          );
        this.#lead(from, table[label] as string, () => `${by()}, label "${label}",`);
      }
      for (const to of sends) {
        if (to === END) this.fault("node-unknown", END, `${by()} sends to END, which runs nothing: lead a label there instead.`);
        else this.#lead(from, to, () => `${by()}, which sends,`);
      }
    }
  }

  commands(): void {
    const { nodes, channels } = this.#shape;
    for (const { name, options } of nodes) {
      for (const list of [options.goto, options.sends]) for (const to of list ?? []) this.#lead(name, to, () => `The command of ${name}`);
      for (const key of options.reads ?? [])
        if (!Object.hasOwn(channels, key))
          this.fault(
            "key-unknown",
            key,
            `Node "${name}" reads "${key}", but the state has no such key${nearestOf(key, Object.keys(channels))}.`,
          );
    }
  }

  /** Keys that a subgraph has too are passed in and out by themselves: they must be of one kind, and begin with nothing that would count twice. */
  subgraphs(): void {
    for (const { name, run, options } of this.#shape.nodes) {
      if (typeof run === "function") continue;
      if (!("shape" in run)) {
        if (options.output === undefined)
          this.fault(
            "key-shared",
            name,
            `Node "${name}" is no graph, so what it gives is no update by itself: say output: (result, state) => update.`,
          );
        continue;
      }
      const child = (run as unknown as { readonly shape: GraphShape }).shape;
      if (options.input !== undefined && options.output !== undefined) continue;
      for (const [key, channel] of Object.entries(child.channels)) {
        const own = Object.hasOwn(this.#shape.channels, key) ? this.#shape.channels[key] : undefined;
        if (own === undefined || child.private.includes(key) || this.#shape.private.includes(key)) continue;
        const { initial } = channel.plan(key) as { readonly initial?: unknown };
        const why =
          own.kind !== channel.kind
            ? `it is of the kind ${own.kind} here and ${channel.kind} there`
            : channel.kind === "fold"
              ? "what a fold holds cannot be passed on as a write"
              : (channel.kind === "sum" && initial !== 0) ||
                  (Array.isArray(initial) && initial.length > 0 && channel.kind !== "value" && channel.kind !== "last")
                ? "it begins with something there, which would count twice"
                : undefined;
        if (why !== undefined)
          this.fault(
            "key-shared",
            key,
            `Key "${key}" of graph "${this.#shape.name}" and of its subgraph "${name}" cannot be passed by itself: ${why}. Give node "${name}" both input and output.`,
          );
      }
    }
  }

  /** Where it is to stop, by person and by count. */
  stops(): void {
    const { interruptBefore, interruptAfter, stepLimit } = this.#shape;
    for (const name of [...interruptBefore, ...interruptAfter])
      if (name === START || name === END || !this.#numbers.has(name))
        this.fault("node-unknown", name, `The graph is to stop at "${name}", but there is no such node${this.#nearest(name)}.`);
    if (!Number.isInteger(stepLimit) || stepLimit < 1)
      this.fault("option-invalid", "stepLimit", `The stepLimit is ${String(stepLimit)}: it must be a whole number from 1.`);
  }

  reach(): void {
    if (this.#onward[0]!.length === 0) {
      this.fault("no-entry", START, "Nothing comes after START: add .edge(START, node) or a route from START.");
      return;
    }
    const reached = reachable(this.#onward, 0);
    for (let number = 2; number < this.#names.length; number++) {
      const name = this.#names[number] as string;
      if (reached[number] === 0)
        this.fault(
          "node-unreachable",
          name,
          `Node "${name}" is never reached from START: lead an edge, a route or a command to it, or remove it.`,
        );
    }
    if (this.faults.length === 0) this.#warnOfTraps();
  }

  #lead(from: string, to: string, by: () => string): void {
    const source = this.#number(from, "comes from", by);
    if (from === END) this.fault("edge-from-end", by(), `${by()} comes from END: nothing comes after it.`);
    const target = this.#number(to, "leads to", by);
    if (to === START)
      this.fault("edge-into-start", by(), `${by()} leads to START: a graph begins there once. Lead to its first node instead.`);
    if (source !== undefined && target !== undefined) this.#onward[source]!.push(target);
  }

  #number(name: string, how: string, by: () => string): number | undefined {
    const number = this.#numbers.get(name);
    if (number === undefined)
      this.fault("node-unknown", name, `${by()} ${how} "${name}", but there is no such node${this.#nearest(name)}.`);
    return number;
  }

  /** From such nodes no branch can end: the run can only reach its limit. A node without edges ends its branch. */
  #warnOfTraps(): void {
    const back: number[][] = this.#names.map(() => []);
    for (const [from, targets] of this.#onward.entries()) for (const to of targets) back[to]!.push(from);
    for (let number = 2; number < this.#names.length; number++) if (this.#onward[number]!.length === 0) back[1]!.push(number);
    const ends = reachable(back, 1);
    const trapped = this.#names.filter((_, number) => number > 1 && ends[number] === 0);
    if (trapped.length === 0) return;
    this.warnings.push({
      code: "no-way-out",
      at: trapped[0] as string,
      message: `No branch can end from ${trapped.slice(0, 5).join(", ")}${trapped.length > 5 ? ` and ${trapped.length - 5} more` : ""}: the run can only reach its step limit. Lead a route to END.`,
    });
  }

  #nearest(name: string): string {
    return nearestOf(name, this.#names.slice(2));
  }
}

/** By number, 1 for what can be reached. */
function reachable(onward: readonly (readonly number[])[], from: number): Uint8Array {
  const reached = new Uint8Array(onward.length);
  const left = [from];
  reached[from] = 1;
  for (let at = left.pop(); at !== undefined; at = left.pop())
    for (const to of onward[at]!) {
      if (reached[to] === 1) continue;
      reached[to] = 1;
      left.push(to);
    }
  return reached;
}

function checkKeys(shape: GraphShape, fault: Fault): void {
  const keys = Object.keys(shape.channels);
  for (const key of keys)
    if (!idPattern.test(key))
      fault(
        "key-name",
        key,
        `"${key}" cannot be a key of the state: begin with a letter, digit or _, then also . : and -, at most 100 characters.`,
      );
  const known = new Set(keys);
  const lists = { input: shape.input ?? [], output: shape.output ?? [], private: shape.private };
  for (const [list, names] of Object.entries(lists)) {
    for (const key of names) {
      if (!known.has(key))
        fault("key-unknown", key, `The ${list} keys name "${key}", but the state has no such key${nearestOf(key, known)}.`);
      else if (list !== "private" && shape.private.includes(key))
        fault("key-private", key, `"${key}" is both private and ${list}: take it out of one of the lists.`);
    }
  }
}

function nearestOf(name: string, names: Iterable<string>): string {
  const list = [...names];
  if (list.length === 0) return "";
  const near = list.length <= 1_000 ? nearest(name, list) : [];
  const shown = near.length > 0 ? near : list.slice(0, 5);
  return `; there ${shown.length === 1 ? "is" : "are"}: ${shown.join(", ")}${near.length === 0 && list.length > shown.length ? ", …" : ""}`;
}
