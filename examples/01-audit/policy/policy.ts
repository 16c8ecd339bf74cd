import { HeddleError } from "heddle";
import { findingKinds, type FindingKind } from "../findings/finding.ts";
import { fitsRange } from "../package/version-range.ts";
import { describeFault, findShapeFaults, type JsonShape, type ShapeFault } from "./json-shape.ts";
import policySchema from "./policy.schema.json" with { type: "json" };
import type { Verdict } from "./verdict.ts";

/** What is allowed in a project. Plain data; `policy.schema.json` is its shape. */
export interface Policy {
  readonly name: string;
  readonly licences: LicenceRules;
  /** Verdict by kind of finding; a kind that is not here is a note. */
  readonly findings: Readonly<Partial<Record<FindingKind, Verdict>>>;
  readonly limits: { readonly packageBytes: number; readonly totalBytes: number };
  /** Packages whose install scripts are fine. */
  readonly installScripts: { readonly allowed: readonly string[] };
  /** Strictest verdict for what only development needs. */
  readonly developmentAtMost: Verdict;
  readonly exceptions: readonly PolicyException[];
  /** Who may answer questions, by name; empty: anyone. */
  readonly approvers: readonly string[];
}

/** Lists of SPDX ids, `GPL-*` for all that begin so, or `id WITH exception`. The longest entry that fits an id decides. */
export interface LicenceRules {
  readonly allowed: readonly string[];
  readonly noted: readonly string[];
  readonly ask: readonly string[];
  readonly denied: readonly string[];
  /** For licences in none of the lists. */
  readonly unlisted: Verdict;
}

/** Lets findings of one package pass as notes, for a reason. */
export interface PolicyException {
  /** `name`, or `name@range` for some of its versions. */
  readonly package: string;
  readonly finding: FindingKind | "*";
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD` in UTC. */
  readonly until?: string;
  readonly by?: string;
}

/** As people write it: what has a default may be left out. */
interface WrittenPolicy extends Partial<Omit<Policy, "name" | "licences" | "limits">>, Pick<Policy, "name"> {
  readonly licences: { readonly [K in keyof LicenceRules]?: LicenceRules[K] };
  readonly limits?: Partial<Policy["limits"]>;
}

const defaultLimits = { packageBytes: 100_000_000, totalBytes: 1_000_000_000 };

/**
 * Read a policy, with its defaults filled in.
 *
 * @param from where it comes from, for messages
 * @throws HeddleError `INPUT_INVALID`, naming every fault and its place
 */
export function parsePolicy(value: unknown, from: string): Policy {
  const faults = findShapeFaults(policySchema as JsonShape, value);
  if (faults.length > 0) throw invalid(from, faults);

  const written = value as WrittenPolicy;
  const { allowed = [], noted = [], ask = [], denied = [], unlisted = "ask" } = written.licences;
  const policy: Policy = {
    name: written.name,
    licences: { allowed, noted, ask, denied, unlisted },
    findings: written.findings ?? {},
    limits: { ...defaultLimits, ...written.limits },
    installScripts: { allowed: written.installScripts?.allowed ?? [] },
    developmentAtMost: written.developmentAtMost ?? "forbidden",
    exceptions: written.exceptions ?? [],
    approvers: written.approvers ?? [],
  };
  const contradictions = [...findTwiceListed(policy.licences), ...findBadExceptions(policy.exceptions)];
  if (contradictions.length > 0) throw invalid(from, contradictions);
  return policy;
}

function invalid(from: string, faults: readonly ShapeFault[]): HeddleError {
  const lines = faults.map(describeFault);
  return new HeddleError(
    "INPUT_INVALID",
    `${from} is no policy: ${lines.join("; ")}. Its shape is in examples/01-audit/policy/policy.schema.json.`,
    { data: { from, faults: lines } },
  );
}

function* findTwiceListed({ allowed, noted, ask, denied }: LicenceRules): Generator<ShapeFault> {
  const listOf = new Map<string, string>();
  for (const [list, entries] of Object.entries({ allowed, noted, ask, denied })) {
    for (const [index, entry] of entries.entries()) {
      const earlier = listOf.get(entry.toLowerCase());
      if (earlier !== undefined)
        yield { path: ["licences", list, index], expected: "each licence once", got: `${entry}, which is in ${earlier} too` };
      listOf.set(entry.toLowerCase(), list);
    }
  }
}

function* findBadExceptions(exceptions: readonly PolicyException[]): Generator<ShapeFault> {
  for (const [index, exception] of exceptions.entries()) {
    const { range } = splitPackage(exception.package);
    if (range !== null && fitsRange("0.0.0", range) === undefined) {
      yield { path: ["exceptions", index, "package"], expected: "name or name@range", got: exception.package };
    }
    if (exception.finding !== "*" && !findingKinds.includes(exception.finding)) {
      yield { path: ["exceptions", index, "finding"], expected: `* or one of ${findingKinds.join(", ")}`, got: exception.finding };
    }
    if (exception.until !== undefined && !isDay(exception.until)) {
      yield { path: ["exceptions", index, "until"], expected: "a day as YYYY-MM-DD", got: exception.until };
    }
  }
}

/** `@scope/name@^1.2` to its two parts. */
export function splitPackage(text: string): { readonly name: string; readonly range: string | null } {
  const at = text.indexOf("@", 1);
  return at === -1 ? { name: text, range: null } : { name: text.slice(0, at), range: text.slice(at + 1) };
}

/** A day of the calendar as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
