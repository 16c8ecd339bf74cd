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
