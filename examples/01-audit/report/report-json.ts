import type { AuditReport } from "./audit-report.ts";

/** audit.json: two spaces, one final newline. Fields come in the order in which `AuditReport` lists them. */
export function reportJson(report: AuditReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
