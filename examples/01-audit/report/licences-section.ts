import type { AuditReport, LicenceCount } from "./audit-report.ts";
import { html, type Markup } from "./markup.ts";
import { counted, figure } from "./wording.ts";

/** Colours of the page, in `report.css`. What does not fit into them is one last part. */
const colours = 7;

/** How the packages spread over licences: one bar, and the numbers in words beside it. */
export function licencesSection({ licences, totals }: AuditReport): Markup | null {
  if (totals.packages === 0) return null;
  const rest = licences.slice(colours);
  const parts = [
    ...licences.slice(0, colours).map((count, index) => ({ name: nameOf(count), packages: count.packages, colour: index + 1 })),
    ...(rest.length === 0
      ? []
      : [{ name: counted(rest.length, "other licence"), packages: rest.reduce((sum, { packages }) => sum + packages, 0), colour: 0 }]),
  ];
  let x = 0;
  const segments = parts.map(({ name, packages, colour }) => {
    const width = (1_000 * packages) / totals.packages;
    const segment = html`<rect class="c${colour}" x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="28"><title>${name}: ${counted(packages, "package")}</title></rect>`;
    x += width;
    return segment;
  });
  const legend = parts.map(
    ({ name, packages, colour }) =>
      html`<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="c${colour}" width="10" height="10" rx="2.5"/></svg><span>${name}</span><b>${figure(packages)}</b><span class="share">${share(packages, totals.packages)}</span></li>
`,
  );
  const others =
    rest.length === 0 ? null : html`<p class="fine">Others: ${rest.map((count) => `${nameOf(count)} (${count.packages})`).join(", ")}</p>`;
  return html`<section aria-labelledby="licences-title">
<h2 id="licences-title">Licences</h2>
<svg class="bar" viewBox="0 0 1000 28" preserveAspectRatio="none" role="img" aria-label="Share of packages by licence; the list below has the numbers">${segments}</svg>
<ul class="legend">
${legend}</ul>
${others}
</section>`;
}

const nameOf = ({ licence }: LicenceCount): string => licence ?? "no licence known";

function share(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  return percent > 0 && percent < 0.5 ? "< 1 %" : `${Math.round(percent)} %`;
}
