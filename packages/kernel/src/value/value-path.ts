/**
 * One step from a value into a part of it: an index, a property, or a member of a Map (`key`, `at` for a value) or Set (`item`).
 */
export type PathStep =
  | number
  | string
  | { readonly key: number }
  | { readonly at: unknown; readonly nth: number }
  | { readonly item: number };

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** The path as people write it in code: `$.items[3].when`, `$.rates.get("EUR")`, `$["two words"]`. */
export function formatPath(steps: readonly PathStep[]): string {
  let text = "$";
  for (const step of steps) text += formatStep(step);
  return text;
}

function formatStep(step: PathStep): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "string") return identifier.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  if ("key" in step) return `.keys()[${step.key}]`;
  if ("item" in step) return `.values()[${step.item}]`;
  return typeof step.at === "string" || typeof step.at === "number" ? `.get(${JSON.stringify(step.at)})` : `.values()[${step.nth}]`;
}
