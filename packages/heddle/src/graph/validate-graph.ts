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

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$/;

/** Everything that is wrong with a graph, all at once. Cost: its nodes and edges. */
export function validateGraph(shape: GraphShape): GraphFindings {
  const faults: GraphFault[] = [];
  const warnings: GraphFault[] = [];
  const names = new Set<string>();
  const fault = (code: GraphFault["code"], at: string, message: string): void => void faults.push({ code, at, message });

  for (const { name } of shape.nodes) {
    if (name === START || name === END || !idPattern.test(name))
      fault(
        "node-name",
        name,
        `"${name}" cannot name a node: begin with a letter, digit or _, then also . : and -, at most 100 characters.`,
      );
    else if (names.has(name)) fault("node-duplicate", name, `Two nodes are called "${name}": give one of them another name.`);
    names.add(name);
  }
  checkKeys(shape, fault);

  const onward = new Map<string, Set<string>>();
  const lead = (from: string, to: string): void => {
    const targets = onward.get(from);
    if (targets === undefined) onward.set(from, new Set([to]));
    else targets.add(to);
  };
  const target = (to: string, by: string): void => {
    if (to === START) fault("edge-into-start", by, `${by} leads to START: a graph begins there once. Lead to its first node instead.`);
    else if (to !== END && !names.has(to))
      fault("node-unknown", to, `${by} leads to "${to}", but there is no such node${nearestOf(to, names)}.`);
  };
  const source = (from: string, by: string): void => {
    if (from === END) fault("edge-from-end", by, `${by} comes from END: nothing comes after it.`);
    else if (from !== START && !names.has(from))
      fault("node-unknown", from, `${by} comes from "${from}", but there is no such node${nearestOf(from, names)}.`);
  };

  const seen = new Set<string>();
  for (const { from, to, waits } of shape.edges) {
    const by = `The edge ${from.join(" + ")} → ${to}`;
    if (from.length === 0) fault("edge-empty", to, `An edge to "${to}" comes from no node: name at least one.`);
    for (const each of from) {
      source(each, by);
      lead(each, to);
    }
    target(to, by);
    const key = `${waits ? "all" : "any"} ${from.join(" ")} → ${to}`;
    if (seen.has(key)) warnings.push({ code: "edge-repeated", at: to, message: `${by} stands there twice: it counts once.` });
    seen.add(key);
  }
  for (const { from, table, sends } of shape.routes) {
    const by = `The route from ${from}`;
    source(from, by);
    const labels = Object.keys(table);
    if (labels.length === 0 && sends.length === 0)
      fault("route-empty", from, `${by} leads nowhere: give it a table of labels, or the nodes that it sends to.`);
    for (const label of labels) {
      if (!idPattern.test(label))
        fault(
          "label-name",
          label,
          `${by} has the label "${label}": begin with a letter, digit or _, then also . : and -, at most 100 characters.`,
        );
      const to = table[label] as string;
      target(to, `${by}, label "${label}",`);
      lead(from, to);
    }
    for (const to of sends) {
      target(to, `${by}, which sends,`);
      if (to === END) fault("node-unknown", END, `${by} sends to END, which runs nothing: lead a label there instead.`);
      lead(from, to);
    }
  }
  for (const { name, options } of shape.nodes) {
    for (const to of [...(options.goto ?? []), ...(options.sends ?? [])]) {
      target(to, `The command of ${name}`);
      lead(name, to);
    }
    for (const key of options.reads ?? [])
      if (!Object.hasOwn(shape.channels, key))
        fault(
          "key-unknown",
          key,
          `Node "${name}" reads "${key}", but the state has no such key${nearestOf(key, Object.keys(shape.channels))}.`,
        );
  }
  for (const name of [...shape.interruptBefore, ...shape.interruptAfter])
    if (!names.has(name))
      fault("node-unknown", name, `The graph is to stop at "${name}", but there is no such node${nearestOf(name, names)}.`);
  if (!Number.isInteger(shape.stepLimit) || shape.stepLimit < 1)
    fault("option-invalid", "stepLimit", `The stepLimit is ${String(shape.stepLimit)}: it must be a whole number from 1.`);

  if (!onward.has(START)) fault("no-entry", START, "Nothing comes after START: add .edge(START, node) or a route from START.");
  else {
    const reached = reachable(onward, START);
    for (const name of names)
      if (!reached.has(name))
        fault(
          "node-unreachable",
          name,
          `Node "${name}" is never reached from START: lead an edge, a route or a command to it, or remove it.`,
        );
    if (faults.length === 0) warnOfTraps(onward, names, warnings);
  }
  return { faults, warnings };
}

function checkKeys(shape: GraphShape, fault: (code: GraphFault["code"], at: string, message: string) => void): void {
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

function reachable(onward: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const reached = new Set([from]);
  const left = [from];
  for (let at = left.pop(); at !== undefined; at = left.pop())
    for (const to of onward.get(at) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      left.push(to);
    }
  return reached;
}

/** A node from which no branch can end runs into the step limit. A node without edges ends its branch. */
function warnOfTraps(onward: ReadonlyMap<string, ReadonlySet<string>>, names: ReadonlySet<string>, warnings: GraphFault[]): void {
  const back = new Map<string, Set<string>>();
  for (const [from, targets] of onward)
    for (const to of targets) {
      const sources = back.get(to);
      if (sources === undefined) back.set(to, new Set([from]));
      else sources.add(from);
    }
  for (const name of names) if (!onward.has(name)) back.set(END, (back.get(END) ?? new Set()).add(name));
  const ends = reachable(back, END);
  const trapped = [...names].filter((name) => !ends.has(name));
  if (trapped.length > 0)
    warnings.push({
      code: "no-way-out",
      at: trapped[0] as string,
      message: `No branch can end from ${trapped.slice(0, 5).join(", ")}${trapped.length > 5 ? ` and ${trapped.length - 5} more` : ""}: the run can only reach its step limit. Lead a route to END.`,
    });
}

function nearestOf(name: string, names: Iterable<string>): string {
  const list = [...names];
  if (list.length === 0) return "";
  const near = list.length <= 1_000 ? nearest(name, list) : [];
  const shown = near.length > 0 ? near : list.slice(0, 5);
  return `; there ${shown.length === 1 ? "is" : "are"}: ${shown.join(", ")}${near.length === 0 && list.length > shown.length ? ", …" : ""}`;
}
