/** What a policy says of a finding, mildest first. */
export const verdicts = ["ok", "note", "ask", "forbidden"] as const;
export type Verdict = (typeof verdicts)[number];

const severity = (verdict: Verdict): number => verdicts.indexOf(verdict);

export const milder = (a: Verdict, b: Verdict): Verdict => (severity(a) <= severity(b) ? a : b);
export const stricter = (a: Verdict, b: Verdict): Verdict => (severity(a) >= severity(b) ? a : b);
/** Below zero when `a` is the stricter: for sorting, worst first. */
export const byStrictness = (a: Verdict, b: Verdict): number => severity(b) - severity(a);
