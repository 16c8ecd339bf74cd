import type { Finding, FindingKind } from "../findings/finding.ts";
import { fitsRange } from "../package/version-range.ts";
import { judgeLicence } from "./judge-licence.ts";
import { splitPackage, type Policy, type PolicyException } from "./policy.ts";
import { milder, type Verdict } from "./verdict.ts";

/** A finding with what the policy says of it, and what a person said where the policy asks. */
export interface JudgedFinding extends Finding {
  readonly verdict: Verdict;
  /** Which rule decided. */
  readonly because: string;
  /** The exception that turned it into a note. */
  readonly exception: PolicyException | null;
  /** Null until someone was asked. */
  readonly decision: Decision | null;
}

/** A person's answer about one finding. */
export interface Decision {
  readonly approved: boolean;
  /** Null: not said, or nobody. */
  readonly by: string | null;
  readonly reason: string | null;
  /** When the answer was recorded, epoch milliseconds; null: nobody was asked. */
  readonly atMs: number | null;
  /** Nobody answered in time. */
  readonly timedOut: boolean;
}

/**
 * Hold findings against a policy.
 *
 * @param today day that exceptions are held against, `YYYY-MM-DD`
 * @returns what is not simply fine, by id; expired and unused exceptions are findings too
 */
export function judgeFindings(policy: Policy, findings: readonly Finding[], today: string): readonly JudgedFinding[] {
  const used = new Set<PolicyException>();
  const judged = findings.map((finding): JudgedFinding => {
    const { verdict, because } = judgeOne(policy, finding);
    const exception = verdict === "ok" ? undefined : policy.exceptions.find((one) => covers(one, finding));
    if (exception === undefined) return { ...finding, verdict, because, exception: null, decision: null };
    used.add(exception);
    if (isOver(exception, today)) return { ...finding, verdict, because, exception: null, decision: null };
    return {
      ...finding,
      verdict: milder(verdict, "note"),
      because: `${because}; excepted: ${exception.reason}`,
      exception,
      decision: null,
    };
  });

  const ofPolicy = policy.exceptions.flatMap((exception, index) => {
    if (!used.has(exception)) return [judgeException(policy, exception, index, "exception-unused")];
    return isOver(exception, today) ? [judgeException(policy, exception, index, "exception-expired")] : [];
  });
  return [...judged, ...ofPolicy].filter(({ verdict }) => verdict !== "ok");
}

function judgeOne(policy: Policy, finding: Finding): { readonly verdict: Verdict; readonly because: string } {
  const { verdict, because } = rule(policy, finding);
  const most = policy.developmentAtMost;
  if (!finding.dev || milder(verdict, most) === verdict) return { verdict, because };
  return { verdict: most, because: `${because}; only development needs it` };
}

function rule(policy: Policy, finding: Finding): { readonly verdict: Verdict; readonly because: string } {
  if (finding.kind === "licence" && finding.licence !== null) return judgeLicence(policy.licences, finding.licence);
  if (finding.kind === "install-script" && finding.package !== null && policy.installScripts.allowed.includes(finding.package)) {
    return { verdict: "ok", because: "its install script is allowed" };
  }
  return ruleOfKind(policy, finding.kind);
}

const says: Readonly<Record<Verdict, string>> = { ok: "allows", note: "notes", ask: "asks about", forbidden: "forbids" };

function ruleOfKind(policy: Policy, kind: FindingKind): { readonly verdict: Verdict; readonly because: string } {
  const verdict = policy.findings[kind] ?? "note";
  return { verdict, because: `the policy ${says[verdict]} this kind of finding (${kind})` };
}

function covers(exception: PolicyException, finding: Finding): boolean {
  const { name, range } = splitPackage(exception.package);
  if (name !== finding.package || (exception.finding !== "*" && exception.finding !== finding.kind)) return false;
  return range === null || (finding.version !== null && fitsRange(finding.version, range) === true);
}

/** Days compare as text. */
const isOver = ({ until }: PolicyException, today: string): boolean => until !== undefined && until < today;

function judgeException(
  policy: Policy,
  { package: covered, reason, until }: PolicyException,
  index: number,
  kind: "exception-expired" | "exception-unused",
): JudgedFinding {
  const expired = kind === "exception-expired";
  return {
    id: `${kind}:${index}`,
    kind,
    package: null,
    version: null,
    licence: null,
    paths: [],
    dev: false,
    requiredBy: [],
    title: expired ? `The exception for ${covered} ended on ${until}` : `The exception for ${covered} covers nothing`,
    details: [`Its reason was: ${reason}`],
    advice: expired ? "Decide anew: take it out of the policy, or give it a later end." : "Take it out of the policy.",
    ...ruleOfKind(policy, kind),
    exception: null,
    decision: null,
  };
}
