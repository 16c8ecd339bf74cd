import { canonicalJson, durationMs, retryPolicyFaults, type HeddleError } from "@heddle/kernel";
import { nearest } from "../../engine/nearest.ts";
import { localProcessors } from "../processors/local-processors.ts";
import type { DagCode } from "./check-dag.ts";
import { expected, holds } from "./check-shape.ts";
import type { DagConfig, DagNode } from "./dag-config.ts";
import { nodeOfPath } from "../run/condition.ts";
import { type FaultList, type Path, shown } from "./dag-fault.ts";

/** What is wrong with a node by itself. Its shape has been checked. */
export function checkNode(node: DagNode, index: number, config: DagConfig, code: DagCode, faults: FaultList): void {
  const path = ["processors", index];
  if (node.id.startsWith("__"))
    faults.add(
      "value",
      [...path, "id"],
      `The id "${node.id}" begins with __, which is kept for Heddle's own tasks.`,
      "Choose another one.",
    );
  checkProcessor(node, path, code, faults);
  if (node.merge !== undefined) checkMerge(node, path, code, faults);
  if (node.condition !== undefined || node.when_false !== undefined) checkCondition(node, path, code, faults);
  if (node.timeout !== undefined || node.retry !== undefined) checkTimes(node, path, faults);
  if (node.pool !== undefined || node.resources !== undefined) checkRoom(node, path, config, faults);
}

const remote = ["endpoint", "module"] as const;

function checkProcessor(node: DagNode, path: Path, code: DagCode, faults: FaultList): void {
  const { id, type = "local", processor } = node;
  if (node.dag !== undefined) {
    for (const key of ["type", "processor", "options", "endpoint", "module", "map"] as const)
      if (node[key] !== undefined)
        faults.add(
          "unknown-key",
          [...path, key],
          `Node "${id}" is a DAG, and ${key} means nothing for it.`,
          `Take it out, or take the dag out.`,
        );
    return;
  }
  if (type !== "local") {
    const why =
      type === "wasm"
        ? "The package that runs WebAssembly is not there yet."
        : `Processors of type ${type} are recognised, and nothing runs them yet.`;
    const mend = `Use a local processor, or give one in code: dag.load(file, { processors: { … } }).`;
    faults.add("processor-unavailable", [...path, "type"], `Node "${id}" needs a processor of type ${type}. ${why}`, mend);
    return;
  }
  for (const key of remote) {
    if (node[key] !== undefined)
      faults.add(
        "unknown-key",
        [...path, key],
        `Node "${id}" is local, and ${key} means nothing for it.`,
        "Take it out, or correct the type.",
      );
  }
  if (processor === undefined) {
    faults.add("missing-key", path, `Node "${id}" has no processor.`, "Name one.");
    return;
  }
  const given = code.processors !== undefined && Object.hasOwn(code.processors, processor);
  if (given) return checkJson(node, path, faults);
  const local = Object.hasOwn(localProcessors, processor) ? localProcessors[processor] : undefined;
  if (local === undefined) {
    const names = [...Object.keys(localProcessors), ...Object.keys(code.processors ?? {})];
    const [near] = nearest(processor.slice(0, 64), names);
    faults.add(
      "unknown-processor",
      [...path, "processor"],
      `Node "${id}" names the processor "${processor}", which is not there.`,
      `${near === undefined ? "" : `Did you mean "${near}"? `}There are: ${names.join(", ")}. Others are given in code: { processors: { ${/^[A-Za-z_]\w*$/.test(processor) ? processor : "name"}: (request) => … } }.`,
    );
    return;
  }
  if (node.intent !== undefined && node.intent !== local.intent)
    faults.add(
      "value",
      [...path, "intent"],
      `Node "${id}" has the intent ${node.intent}, but ${processor} can only ${local.intent}.`,
      "Take the intent out.",
    );
  if (node.options === undefined || node.options === null) return;
  for (const [key, value] of Object.entries(node.options)) {
    const schema = Object.hasOwn(local.options, key) ? local.options[key] : undefined;
    const place = [...path, "options", key];
    if (schema === undefined) {
      const names = Object.keys(local.options);
      const [near] = nearest(key, names);
      const mend =
        near !== undefined
          ? `Did you mean "${near}"?`
          : names.length === 0
            ? `${processor} takes no options.`
            : `${processor} takes ${names.join(", ")}.`;
      faults.add("option", place, `Option "${key}" of node "${id}" means nothing.`, mend);
    } else if (!holds(value, schema)) {
      faults.add("option", place, `Option "${key}" of node "${id}" is ${shown(value)}.`, `Make it ${expected(schema)}.`);
    }
  }
}

/** Options of processors in code are theirs, but become part of the Plan. */
function checkJson({ id, options }: DagNode, path: Path, faults: FaultList): void {
  if (options === undefined || options === null) return;
  try {
    canonicalJson(options);
  } catch (error) {
    const { path: place, found } = (error as HeddleError).data;
    faults.add(
      "option",
      [...path, "options"],
      `The options of node "${id}" are not JSON: at ${String(place)} stands ${String(found)}.`,
      "Use null, booleans, finite numbers, text, lists and plain objects.",
    );
  }
}

function checkMerge({ id, merge }: DagNode, path: Path, code: DagCode, faults: FaultList): void {
  if (merge === undefined || typeof merge === "string") return;
  const allowed: Readonly<Record<string, readonly string[]>> = { concatenate: ["separator"], json_merge: ["conflict"], custom: ["use"] };
  for (const key of Object.keys(merge)) {
    if (key !== "type" && !(allowed[merge.type] ?? []).includes(key))
      faults.add(
        "unknown-key",
        [...path, "merge", key],
        `The merge of node "${id}" is ${merge.type}, for which ${key} means nothing.`,
        "Take it out, or correct the type.",
      );
  }
  if (merge.type !== "custom") return;
  if (merge.use === undefined)
    faults.add(
      "missing-key",
      [...path, "merge"],
      `The merge of node "${id}" does not say what it uses.`,
      'Add "use" with the name of a merge given in code.',
    );
  else if (code.merges === undefined || !Object.hasOwn(code.merges, merge.use))
    faults.add(
      "unknown-processor",
      [...path, "merge", "use"],
      `Node "${id}" names the merge "${merge.use}", which is not there.`,
      "Give it in code: { merges: { name: (payloads) => … } }.",
    );
}

const tests = ["exists", "equals", "not_equals", "in", "greater_than", "less_than", "matches"] as const;

function checkCondition({ id, condition, when_false, depends_on }: DagNode, path: Path, code: DagCode, faults: FaultList): void {
  if (condition === undefined) {
    if (when_false !== undefined)
      faults.add(
        "unknown-key",
        [...path, "when_false"],
        `Node "${id}" has no condition, without which when_false means nothing.`,
        "Add one, or take it out.",
      );
    return;
  }
  const place = [...path, "condition"];
  if ("use" in condition) {
    for (const key of ["path", ...tests])
      if (key in condition)
        faults.add(
          "unknown-key",
          [...place, key],
          `The condition of node "${id}" is a predicate in code, beside which ${key} means nothing.`,
          "Keep one of them.",
        );
    if (code.predicates === undefined || !Object.hasOwn(code.predicates, condition.use))
      faults.add(
        "unknown-processor",
        [...place, "use"],
        `Node "${id}" names the predicate "${condition.use}", which is not there.`,
        "Give it in code: { predicates: { name: ({ payload, metadata }) => … } }.",
      );
    return;
  }
  if (condition.path === undefined)
    faults.add("missing-key", place, `The condition of node "${id}" does not say what it is about.`, "Add a path, such as payload.total.");
  else if (!/^payload(\.|$)/.test(condition.path) && nodeOfPath(condition.path, depends_on ?? []) === undefined)
    faults.add(
      "unknown-node",
      [...place, "path"],
      `The condition of node "${id}" reads ${condition.path}, but the node does not depend on one of that name.`,
      "Add the node to depends_on, or correct the path.",
    );
  if (!tests.some((key) => condition[key] !== undefined))
    faults.add("missing-key", place, `The condition of node "${id}" tests nothing.`, `Add one of ${tests.join(", ")}.`);
  if (condition.matches === undefined) return;
  try {
    "".match(new RegExp(condition.matches, "u"));
  } catch (error) {
    faults.add(
      "value",
      [...place, "matches"],
      `The regular expression of node "${id}" cannot be read: ${(error as Error).message}.`,
      "Correct it.",
    );
  }
}

function checkTimes({ id, timeout, retry }: DagNode, path: Path, faults: FaultList): void {
  if (typeof timeout === "string") {
    try {
      if (durationMs(timeout, "timeout") <= 0) throw new Error("It is no time at all.");
    } catch {
      faults.add(
        "value",
        [...path, "timeout"],
        `The timeout of node "${id}" is ${shown(timeout)}.`,
        'Make it milliseconds, or text such as "250ms", "10s" or "5m".',
      );
    }
  }
  if (typeof retry !== "object") return;
  for (const { field, message, mend } of retryPolicyFaults(retry))
    faults.add("value", [...path, "retry", ...(field === undefined ? [] : [field])], message, mend);
}

function checkRoom({ id, pool, resources }: DagNode, path: Path, config: DagConfig, faults: FaultList): void {
  if (pool !== undefined && !Object.hasOwn(config.pools ?? {}, pool)) {
    const [near] = nearest(pool, Object.keys(config.pools ?? {}));
    faults.add(
      "unknown-pool",
      [...path, "pool"],
      `Node "${id}" runs in the pool "${pool}", which is not declared.`,
      near === undefined ? `Add it: pools: { ${pool}: 2 }.` : `Did you mean "${near}"?`,
    );
  }
  if (resources === undefined) return;
  for (const what of ["cpu", "memory"] as const) {
    const wanted = resources[what];
    if (wanted === undefined) continue;
    const budget = config.resources?.[what];
    const place = [...path, "resources", what];
    if (budget === undefined)
      faults.add(
        "value",
        place,
        `Node "${id}" takes ${what}, of which the DAG declares none.`,
        `Add it at the top: resources: { ${what}: … }.`,
      );
    else if (wanted > budget)
      faults.add(
        "value",
        place,
        `Node "${id}" takes ${wanted} of ${what}, and there are ${budget} in all: it could never start.`,
        "Lower it, or raise the DAG's.",
      );
  }
}
