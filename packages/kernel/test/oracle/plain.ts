import type { Json } from "@heddle/kernel";

/** Codes whose `data` the page fixes; of other errors that the kernel makes only the code is compared. */
const fixed: readonly Json[] = ["RUN_STALLED", "CHANNEL_CONFLICT"];

/** Commands or events as JSON would keep them, without the words of errors that the kernel makes. */
export function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) => {
    if (typeof part !== "object" || part === null || !("name" in part) || part.name !== "HeddleError" || !("code" in part)) return part;
    const { code } = part as { code: Json };
    if (code === "RUN_CANCELLED" || code === "GROUP_FAILED") return part;
    return {
      name: "HeddleError",
      code,
      ...("data" in part && fixed.includes(code) ? { data: part.data } : {}),
      ...("cause" in part ? { cause: part.cause } : {}),
    };
  }) as Json;
}

/** Whether two values are the same by `plain`, found without making copies: most comparisons find no difference. */
export function alike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((part, at) => alike(part ?? null, b[at] ?? null));
  const keys = Object.keys(a).filter((key) => (a as Record<string, unknown>)[key] !== undefined);
  const others = Object.keys(b).filter((key) => (b as Record<string, unknown>)[key] !== undefined);
  if ("name" in a && a.name === "HeddleError") return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(b, key) && alike((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
