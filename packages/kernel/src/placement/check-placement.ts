import { HeddleError } from "../errors/heddle-error.ts";
import { canonicalJson } from "../value/canonical-json.ts";
import type { Json } from "../value/json.ts";
import { type Amount, amounts, type Capabilities, type Placement } from "./placement.ts";

/** Of a name of a queue, executor, label or node. */
const namePattern = /^[A-Za-z0-9_.:/@-]{1,128}$/;
/** Each text is kept once for all runs that demand the same, and read with every claim. */
const maxTextLength = 4_096;

const placementFields = ["executors", "cpus", "memoryMb", "gpus", "labels", "nodes", "maxPerNode"];
const capabilityFields = ["executors", "cpus", "memoryMb", "gpus", "labels"];

/**
 * A placement as stores keep it: one text for all that demand the same, whatever the order in which it is written; null: it demands nothing.
 *
 * @param what whose it is, for messages
 * @throws HeddleError `OPTION_INVALID`
 */
export function placementText(placement: unknown, what: string): string | null {
  if (placement === undefined || placement === null) return null;
  const checked = checkPlacement(placement, what);
  const text = canonicalJson(checked as Json);
  if (text === "{}") return null;
  if (text.length > maxTextLength) invalid(what, `${text.length} characters as JSON`, `at most ${maxTextLength}`);
  return text;
}

/** @throws HeddleError `OPTION_INVALID` */
export function checkQueue(queue: unknown, what: string): string {
  return isName(queue) ? queue : invalid(what, queue, "1 to 128 letters, digits, _ . : / @ or -");
}

/** @throws HeddleError `OPTION_INVALID` */
export function checkTenant(tenant: unknown, what: string): string {
  return isName(tenant) ? tenant : invalid(what, tenant, "1 to 128 letters, digits, _ . : / @ or -");
}

/** @throws HeddleError `OPTION_INVALID` */
export function checkCapabilities(given: unknown, what: string): Capabilities {
  const fields = record(given, what, capabilityFields);
  const capabilities: Record<string, unknown> = {};
  if (fields["executors"] !== undefined) capabilities["executors"] = names(fields["executors"], `${what}.executors`);
  for (const [name] of amounts) {
    const amount = fields[name];
    if (amount !== undefined) capabilities[name] = number(amount, `${what}.${name}`);
  }
  if (fields["labels"] !== undefined) {
    const labels = Object.entries(record(fields["labels"], `${what}.labels`, null));
    capabilities["labels"] = Object.fromEntries(
      labels.map(([name, value]) => [
        label(name, what),
        typeof value === "string" ? value : invalid(`${what}.labels.${name}`, value, "a text"),
      ]),
    );
  }
  return capabilities;
}

function checkPlacement(given: unknown, what: string): object {
  const fields = record(given, what, placementFields);
  const placement: Record<string, unknown> = {};
  const executors = names(fields["executors"] ?? [], `${what}.executors`);
  if (executors.length > 0) placement["executors"] = executors;
  for (const [name] of amounts) {
    const wanted = fields[name];
    if (wanted !== undefined) placement[name] = amount(wanted, `${what}.${name}`);
  }
  const labels = Object.entries(record(fields["labels"] ?? {}, `${what}.labels`, null));
  if (labels.length > 0)
    placement["labels"] = Object.fromEntries(
      labels.map(([name, value]) => [label(name, what), labelValues(value, `${what}.labels.${name}`)]),
    );
  const { forbid = [], prefer = [] } = record(fields["nodes"] ?? {}, `${what}.nodes`, ["forbid", "prefer"]);
  const nodes: Record<string, unknown> = {};
  const forbidden = names(forbid, `${what}.nodes.forbid`);
  const preferred = names(prefer, `${what}.nodes.prefer`);
  if (forbidden.length > 0) nodes["forbid"] = forbidden;
  if (preferred.length > 0) nodes["prefer"] = preferred;
  if (Object.keys(nodes).length > 0) placement["nodes"] = nodes;
  const most = fields["maxPerNode"];
  if (most !== undefined) {
    if (!Number.isSafeInteger(most) || (most as number) < 1) invalid(`${what}.maxPerNode`, most, "a whole number from 1");
    placement["maxPerNode"] = most;
  }
  return placement;
}

function amount(wanted: unknown, what: string): Amount {
  if (typeof wanted === "number") return { min: number(wanted, what) };
  const fields = record(wanted, what, ["min", "max", "equals"]);
  const { min, max, equals } = fields;
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) number(value, `${what}.${name}`);
  if (equals !== undefined && (min !== undefined || max !== undefined)) invalid(what, wanted, "equals alone, or min and max");
  if (min !== undefined && max !== undefined && (min as number) > (max as number)) invalid(what, wanted, "a min that is not above its max");
  return wanted as Amount;
}

function labelValues(value: unknown, what: string): readonly string[] {
  const values: readonly unknown[] = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
  if (values.length === 0 || !values.every((each) => typeof each === "string")) invalid(what, value, "a text or a list of texts");
  return sorted(values);
}

function label(name: string, what: string): string {
  return isName(name) ? name : invalid(`${what}.labels`, name, "named by 1 to 128 letters, digits, _ . : / @ or -");
}

function names(given: unknown, what: string): readonly string[] {
  if (!Array.isArray(given) || !given.every(isName))
    return invalid(what, given, "a list of names: 1 to 128 letters, digits, _ . : / @ or -");
  return sorted(given);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && namePattern.test(value);
}

function sorted(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

function number(value: unknown, what: string): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : invalid(what, value, "a number from 0");
}

/** @param known names of its fields; null: any */
function record(given: unknown, what: string, known: readonly string[] | null): Readonly<Record<string, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return invalid(what, given, "an object");
  const unknown = known === null ? undefined : Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) invalid(`${what}.${unknown}`, Reflect.get(given, unknown), `left out: there are ${known?.join(", ")}`);
  return given as Readonly<Record<string, unknown>>;
}

function invalid(what: string, value: unknown, need: string): never {
  // Functions and symbols have no JSON.
  const shown = JSON.stringify(value) ?? `a ${typeof value}`;
  throw new HeddleError("OPTION_INVALID", `${what} is ${shown}: it must be ${need}.`, { data: { option: what, value: shown } });
}

/** What `placementText` made, as data. */
export function readPlacement(text: string | null): Placement | null {
  return text === null ? null : (JSON.parse(text) as Placement);
}
