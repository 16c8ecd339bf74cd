import { HeddleError } from "../errors/heddle-error.ts";
import type { RetryPolicy } from "./retry-policy.ts";

/** One thing wrong with a policy. */
export interface RetryPolicyFault {
  /** Absent: the policy as a whole. */
  readonly field?: string;
  readonly message: string;
  readonly mend: string;
}

type Rule = readonly [holds: (value: unknown) => boolean, expected: string];

const wait: Rule = [(value) => isNumber(value) && value >= 0, "a number of milliseconds, 0 or more"];
const names: Rule = [
  (value) => Array.isArray(value) && value.every((name) => typeof name === "string" && name !== ""),
  "a list of error codes and names",
];
const rules: Readonly<Record<keyof RetryPolicy, Rule>> = {
  attempts: [(value) => Number.isSafeInteger(value) && (value as number) >= 1, "a whole number, 1 or more"],
  initialMs: wait,
  factor: [(value) => isNumber(value) && value >= 1, "a number, 1 or more"],
  maxMs: wait,
  jitter: [(value) => value === "full" || value === "none", '"full" or "none"'],
  only: names,
  except: names,
  totalMs: wait,
};

/** Everything that is wrong with a retry policy; empty when it may be used. */
export function retryPolicyFaults(policy: unknown): readonly RetryPolicyFault[] {
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) {
    return [{ message: "A retry policy is an object.", mend: "Write it as { attempts: 3 }." }];
  }
  const faults: RetryPolicyFault[] = [];
  for (const [field, value] of Object.entries(policy)) {
    if (!Object.hasOwn(rules, field)) {
      faults.push({
        field,
        message: `A retry policy has no field ${JSON.stringify(field)}.`,
        mend: `Use ${Object.keys(rules).join(", ")}.`,
      });
      continue;
    }
    const [holds, expected] = rules[field as keyof RetryPolicy];
    if (value !== undefined && !holds(value)) {
      faults.push({ field, message: `${field} is ${show(value)}.`, mend: `Make it ${expected}, or leave it out.` });
    }
  }
  return faults;
}

/**
 * Take a retry policy from outside.
 *
 * @param what names it in the error's sentence: `the retry policy of step "charge"`
 * @throws HeddleError `OPTION_INVALID` listing everything that is wrong with it
 */
export function validateRetryPolicy(policy: unknown, what = "a retry policy"): RetryPolicy {
  const faults = retryPolicyFaults(policy);
  if (faults.length === 0) return policy as RetryPolicy;
  const list = faults.map(({ message, mend }) => `${message} ${mend}`).join(" ");
  throw new HeddleError("OPTION_INVALID", `${what.charAt(0).toUpperCase()}${what.slice(1)} cannot be used. ${list}`, {
    data: { what, faults },
  });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function show(value: unknown): string {
  return typeof value === "number" || typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? `a ${typeof value}`);
}
