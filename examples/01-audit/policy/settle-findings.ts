import type { Decision, JudgedFinding } from "./judge-findings.ts";

/**
 * Put people's decisions to the findings that were asked about: what they accept becomes a note, what they refuse, or
 * what nobody answered, is forbidden. Afterwards no verdict is `ask`.
 *
 * @param decisions by the finding's id
 */
export function settleFindings(findings: readonly JudgedFinding[], decisions: ReadonlyMap<string, Decision>): readonly JudgedFinding[] {
  return findings.map((finding) => {
    if (finding.verdict !== "ask") return finding;
    const decision = decisions.get(finding.id) ?? nobodyAsked;
    return { ...finding, verdict: decision.approved ? "note" : "forbidden", decision };
  });
}

/** Silence is not consent. */
export const nobodyAsked: Decision = { approved: false, by: null, reason: "Nobody was asked", atMs: null, timedOut: false };
