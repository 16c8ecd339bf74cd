import { workflow } from "heddle";
import { askPeople } from "./ask-people.ts";
import { auditInput, type AuditInput } from "./audit-input.ts";
import { findPlaces } from "./find-places.ts";
import { foldFindings } from "./findings/fold-findings.ts";
import { readLockfile } from "./lockfile/read-lockfile.ts";
import { inspectPackage } from "./package/inspect-package.ts";
import { judgeFindings } from "./policy/judge-findings.ts";
import { readPolicy } from "./policy/read-policy.ts";
import { settleFindings } from "./policy/settle-findings.ts";
import { buildReport, type AuditVerdict } from "./report/audit-report.ts";
import { writeReport, type WrittenReport } from "./report/write-report.ts";
import { counted } from "./report/wording.ts";
import { shortKey } from "./short-key.ts";

/** What a run of the audit gives. The report has the rest. */
export interface AuditSummary {
  readonly verdict: AuditVerdict;
  readonly project: string;
  readonly packages: number;
  readonly findings: { readonly forbidden: number; readonly accepted: number; readonly notes: number };
  readonly report: WrittenReport;
}

/**
 * Audit the dependencies of an npm project: what they are licensed under, what they run and carry, and whether a policy
 * allows it. Everything that touches the disk is a step, so a run that was killed goes on where it was, and writes the
 * report that it would have written.
 */
export default workflow(
  "audit",
  async (ctx, input: AuditInput): Promise<AuditSummary> => {
    const date = input.date ?? new Date(ctx.now).toISOString().slice(0, 10);
    const places = await ctx.step("find-places", () => findPlaces(input));
    const [lockfile, policy] = await Promise.all([
      ctx.step("read-lockfile", () => readLockfile(places.project)),
      ctx.step("read-policy", () => readPolicy(places.policy)),
    ]);

    const { node, platform } = places;
    const packages = await ctx.map(
      "inspect",
      lockfile.packages,
      (locked, { signal }) => inspectPackage(lockfile.root, locked, { node, signal }),
      {
        id: ({ path }) => shortKey(path),
        concurrency: 16,
      },
    );

    const { findings, duplicates } = foldFindings(packages, { ...policy.limits, node });
    const judged = judgeFindings(policy, findings, date);
    const decisions = await askPeople(ctx, judged, { ...input, approvers: policy.approvers });
    const settled = settleFindings(judged, decisions);

    const report = buildReport({ lockfile, policy, date, node, platform, packages, findings: settled, duplicates });
    const written = await ctx.step("write-report", () => writeReport(places.out, report), { retry: 3 });
    const { forbidden, accepted, notes } = report.totals;
    if (input.enforce === true && report.verdict === "fail") {
      throw new Error(
        `${report.project.name} does not keep the policy ${policy.name}: ${counted(forbidden, "finding")} against it, listed in ${written.html}.`,
      );
    }
    return {
      verdict: report.verdict,
      project: report.project.name,
      packages: packages.length,
      findings: { forbidden, accepted, notes },
      report: written,
    };
  },
  { input: auditInput },
);
