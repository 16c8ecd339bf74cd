import { type Amount, amounts, type Capabilities, type Placement } from "./placement.ts";

/** Why a node cannot take runs of this placement, in words that follow its name; null: it can. How busy it is does not matter. */
export function whyNot(placement: Placement | null, capabilities: Capabilities, node: string): string | null {
  if (placement === null) return null;
  const missing = (placement.executors ?? []).filter((name) => capabilities.executors?.includes(name) !== true);
  if (missing.length > 0) return `has no executor ${missing.map((name) => `"${name}"`).join(", ")}`;
  for (const [name, words] of amounts) {
    const wanted = placement[name];
    const has = capabilities[name] ?? 0;
    const need = wanted === undefined ? null : misses(wanted, has);
    if (need !== null) return `has ${has} ${words}, and ${need} are needed`;
  }
  for (const [name, wanted] of Object.entries(placement.labels ?? {})) {
    const has = capabilities.labels !== undefined && Object.hasOwn(capabilities.labels, name) ? capabilities.labels[name] : undefined;
    const values = typeof wanted === "string" ? [wanted] : wanted;
    if (has !== undefined && values.includes(has)) continue;
    const need = values.map((value) => `${name}=${value}`).join(" or ");
    return has === undefined ? `has no label ${name}, and ${need} is needed` : `has the label ${name}=${has}, and ${need} is needed`;
  }
  return placement.nodes?.forbid?.includes(node) === true ? "is forbidden by name" : null;
}

/** What is needed instead of so many; null: they will do. */
function misses(wanted: Amount, has: number): string | null {
  const { min, max, equals } = typeof wanted === "number" ? { min: wanted } : wanted;
  if (equals !== undefined && has !== equals) return `exactly ${equals}`;
  if (min !== undefined && has < min) return `at least ${min}`;
  return max !== undefined && has > max ? `at most ${max}` : null;
}
