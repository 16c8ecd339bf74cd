import { formatBytes } from "../findings/format-bytes.ts";
import type { AuditReport, AuditVerdict, PackageRow } from "./audit-report.ts";
import { icon } from "./icon.ts";
import { html, type Markup } from "./markup.ts";
import { counted, figure, someNames } from "./wording.ts";

/** Heading, verdict and the figures that one looks for first. */
export function overview(report: AuditReport): Markup {
  const { project, totals, policy, date } = report;
  const version = project.version === null ? null : html` <span class="version">${project.version}</span>`;
  return html`<header>
<p class="eyebrow">Dependency audit · <time datetime="${date}">${date}</time> · ${policy.name}</p>
<h1>${project.name}${version}</h1>
</header>
<section class="verdict ${report.verdict}" aria-labelledby="verdict">
${icon(report.verdict)}
<div><h2 id="verdict">${headline(report)}</h2><p>${explanation(report)}</p></div>
</section>
<dl class="cards">
${card("Packages", figure(totals.packages), `${figure(totals.production)} for production, ${figure(totals.development)} for development only`)}
${card("Size on disk", formatBytes(totals.bytes), `${counted(totals.files, "file")} in ${counted(totals.installed, "package")}${leftOut(totals.leftOut)}`)}
${card("Licences", String(report.licences.filter(({ licence }) => licence !== null).length), licenceLine(report))}
${card("Findings", figure(totals.forbidden + totals.notes), `${totals.forbidden === 0 ? "none" : figure(totals.forbidden)} forbidden, ${counted(totals.notes, "note")}`)}
${card(
  "Run code on install",
  figure(totals.withInstallScripts),
  namesOf(report, ({ installScript }) => installScript),
)}
${card(
  "Machine code",
  figure(totals.withNativeBinaries),
  namesOf(report, ({ nativeFiles }) => nativeFiles > 0),
)}
</dl>`;
}

function card(term: string, figure: string, note: string): Markup {
  return html`<div class="card"><dt>${term}</dt><dd><b>${figure}</b><span>${note}</span></dd></div>`;
}

function namesOf({ packages }: AuditReport, test: (row: PackageRow) => boolean): string {
  const names = [...new Set(packages.filter(test).map(({ name }) => name))];
  return names.length === 0 ? "no package" : someNames(names);
}

const leftOut = (count: number): string => (count === 0 ? "" : `; ${count} more for other machines`);

function licenceLine({ licences, totals }: AuditReport): string {
  const first = licences.find(({ licence }) => licence !== null);
  const unknown = licences.find(({ licence }) => licence === null)?.packages ?? 0;
  if (unknown > 0) return `${counted(unknown, "package")} without one`;
  return first === undefined
    ? "no packages"
    : `${Math.round((100 * first.packages) / totals.packages)} % of the packages are ${first.licence}`;
}

const headlines: Readonly<Record<AuditVerdict, string>> = {
  pass: "Passed, with nothing to remark",
  "pass-with-notes": "Passed, with notes",
  fail: "Failed",
};

function headline({ verdict, totals }: AuditReport): string {
  return verdict === "fail" ? `${headlines.fail}: ${counted(totals.forbidden, "finding")} against the policy` : headlines[verdict];
}

function explanation({ verdict, totals, findings }: AuditReport): string {
  if (verdict === "pass") return "Every package fits the policy.";
  const accepted =
    totals.accepted === 0
      ? ""
      : ` ${counted(totals.accepted, "finding")} that the policy asks about ${totals.accepted === 1 ? "was" : "were"} accepted by people.`;
  if (verdict === "pass-with-notes")
    return `Nothing is against the policy. ${counted(totals.notes, "note")} may be worth a look.${accepted}`;
  const against = findings.filter((finding) => finding.verdict === "forbidden");
  const byPolicy = against.filter(({ decision }) => decision === null).length;
  const refused = against.filter(({ decision }) => decision !== null && decision.atMs !== null && !decision.timedOut).length;
  const unanswered = against.length - byPolicy - refused;
  const parts = [
    byPolicy > 0 ? `${figure(byPolicy)} forbidden by the policy` : "",
    refused > 0 ? `${figure(refused)} refused by people` : "",
    unanswered > 0 ? `${figure(unanswered)} that nobody accepted` : "",
  ];
  return `${parts.filter((part) => part !== "").join(", ")}. What to do about each is said below.${accepted}`;
}
