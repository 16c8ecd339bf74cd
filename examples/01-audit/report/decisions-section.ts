import type { AuditReport } from "./audit-report.ts";
import { html, type Markup } from "./markup.ts";
import { pointInTime } from "./wording.ts";

/** What people were asked, and what they said; nothing where nobody was asked. */
export function decisionsSection({ findings }: AuditReport): Markup | null {
  const decided = findings.flatMap((finding) => (finding.decision === null ? [] : [{ finding, decision: finding.decision }]));
  if (decided.length === 0) return null;
  const rows = decided.map(
    ({ finding, decision }) => html`<tr>
<th scope="row">${finding.package ?? "The project"} <span class="version">${finding.version}</span></th>
<td>${finding.title}</td>
<td><span class="mark ${decision.approved ? "ok" : "forbidden"}">${decision.approved ? "accepted" : decision.timedOut ? "no answer" : decision.atMs === null ? "not asked" : "refused"}</span></td>
<td>${decision.by ?? "–"}</td>
<td class="nowrap">${decision.atMs === null ? "–" : html`<time datetime="${new Date(decision.atMs).toISOString()}">${pointInTime(decision.atMs)}</time>`}</td>
<td>${decision.reason ?? "–"}</td>
</tr>
`,
  );
  return html`<section aria-labelledby="decisions-title">
<h2 id="decisions-title">Decisions by people</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Package</th><th scope="col">Question</th><th scope="col">Answer</th><th scope="col">By</th><th scope="col">When</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>
</section>`;
}

/** Exceptions of the policy that were needed. */
export function exceptionsSection({ findings }: AuditReport): Markup | null {
  const excepted = findings.flatMap((finding) => (finding.exception === null ? [] : [{ finding, exception: finding.exception }]));
  if (excepted.length === 0) return null;
  const rows = excepted.map(
    ({ finding, exception }) => html`<tr>
<th scope="row">${finding.package} <span class="version">${finding.version}</span></th>
<td>${finding.title}</td>
<td>${exception.reason}</td>
<td>${exception.by ?? "–"}</td>
<td class="nowrap">${exception.until ?? "no end"}</td>
</tr>
`,
  );
  return html`<section aria-labelledby="exceptions-title">
<h2 id="exceptions-title">Exceptions of the policy</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Package</th><th scope="col">Finding</th><th scope="col">Why it is fine</th><th scope="col">By</th><th scope="col">Until</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>
</section>`;
}
