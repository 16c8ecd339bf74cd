import { formatBytes } from "../findings/format-bytes.ts";
import type { JudgedFinding } from "../policy/judge-findings.ts";
import type { AuditReport, PackageRow } from "./audit-report.ts";
import { kindLabels } from "./kind-labels.ts";
import { html, type Markup } from "./markup.ts";
import { counted, figure } from "./wording.ts";

/** Every package in a table. Without script it is a list in the lockfile's order; with it, it sorts and filters. */
export function packagesSection({ packages, licences, findings }: AuditReport): Markup {
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  const options = licences.map(
    ({ licence, packages: count }) => html`<option value="${licence ?? ""}">${licence ?? "no licence known"} (${count})</option>`,
  );
  return html`<section aria-labelledby="packages-title">
<h2 id="packages-title">All packages</h2>
<form class="filters" id="filters" hidden>
<label>Search <input type="search" id="filter-text" placeholder="Name, version or finding" autocomplete="off" spellcheck="false"></label>
<label>Verdict <select id="filter-verdict"><option value="*">all</option><option value="forbidden">forbidden</option><option value="note">note</option><option value="ok">ok</option></select></label>
<label>Licence <select id="filter-licence"><option value="*">all</option>${options}</select></label>
<label>Needed for <select id="filter-scope"><option value="*">all</option><option value="production">production</option><option value="development">development only</option></select></label>
<output id="shown" for="filter-text filter-verdict filter-licence filter-scope">${counted(packages.length, "package")}</output>
</form>
<div class="scroll"><table id="packages">
<thead><tr>
<th scope="col" data-sort="text">Package</th>
<th scope="col" data-sort="text">Licence</th>
<th scope="col" data-sort="text">Needed for</th>
<th scope="col" data-sort="number" class="number">Size</th>
<th scope="col" data-sort="number" class="number">Files</th>
<th scope="col" data-sort="number">Verdict</th>
<th scope="col" data-sort="number">Findings</th>
</tr></thead>
<tbody>
${packages.map((row) =>
  packageRow(
    row,
    row.findings.flatMap((id) => byId.get(id) ?? []),
  ),
)}</tbody>
</table></div>
</section>`;
}

const order = { ok: 0, note: 1, ask: 2, forbidden: 3 } as const;

function packageRow(row: PackageRow, findings: readonly JudgedFinding[]): Markup {
  const scope = row.dev ? "development" : "production";
  const kinds = [...new Set(findings.map(({ kind }) => kindLabels[kind].short))];
  const away = {
    installed: null,
    "other-version": null,
    unreadable: "unreadable",
    missing: "not installed",
    "left-out": "for other machines",
  }[row.presence];
  // Only a place that the name does not tell is worth a line.
  const place = row.path === `node_modules/${row.name}` ? null : html`<br><code class="place">${row.path}</code>`;
  return html`<tr data-verdict="${row.verdict}" data-licence="${row.licence ?? ""}" data-scope="${scope}">
<th scope="row" data-value="${row.name.toLowerCase()}">${row.name} <span class="version">${row.version}</span>${place}</th>
<td>${row.licence ?? "–"}${row.licenceFrom === "texts" ? html` <span class="tag">from its text</span>` : null}</td>
<td>${scope}${row.optional ? ", optional" : null}</td>
<td class="number" data-value="${row.bytes ?? -1}">${row.bytes === null ? html`<span class="away">${away}</span>` : formatBytes(row.bytes)}</td>
<td class="number" data-value="${row.files ?? -1}">${row.files === null ? "–" : figure(row.files)}</td>
<td data-value="${order[row.verdict]}"><span class="mark ${row.verdict}">${row.verdict}</span></td>
<td data-value="${findings.length}">${kinds.join(", ")}</td>
</tr>
`;
}
