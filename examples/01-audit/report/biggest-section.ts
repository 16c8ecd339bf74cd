import { formatBytes } from "../findings/format-bytes.ts";
import type { AuditReport } from "./audit-report.ts";
import { html, type Markup } from "./markup.ts";

const shown = 10;

/** The packages that take most of the disk. */
export function biggestSection({ packages, totals }: AuditReport): Markup | null {
  const sized = packages.flatMap(({ name, version, path, bytes }) => (bytes === null ? [] : [{ name, version, path, bytes }]));
  const biggest = sized.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1)).slice(0, shown);
  const largest = biggest[0]?.bytes ?? 0;
  if (largest === 0) return null;
  const share = Math.round((100 * biggest.reduce((sum, { bytes }) => sum + bytes, 0)) / totals.bytes);
  const rows = biggest.map(
    ({ name, version, bytes }) => html`<li><span class="name">${name} <span class="version">${version}</span></span>
<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="c1" width="${Math.max((100 * bytes) / largest, 0.5).toFixed(2)}" height="10"/></svg>
<b>${formatBytes(bytes)}</b></li>
`,
  );
  return html`<section aria-labelledby="biggest-title">
<h2 id="biggest-title">Biggest packages</h2>
<p class="fine">These ${biggest.length} take ${share} % of the ${formatBytes(totals.bytes)} on disk.</p>
<ol class="bars">
${rows}</ol>
</section>`;
}
