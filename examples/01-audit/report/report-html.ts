import { createHash } from "node:crypto";
import type { AuditReport } from "./audit-report.ts";
import { decisionsSection, exceptionsSection } from "./decisions-section.ts";
import { findingsSection } from "./findings-section.ts";
import { licencesSection } from "./licences-section.ts";
import { html, trusted, type Markup } from "./markup.ts";
import { packagesSection } from "./packages-section.ts";
import { biggestSection } from "./biggest-section.ts";
import { overview } from "./overview.ts";

/** Static parts of the page: our own files, never anything from a package. */
export interface PageAssets {
  readonly css: string;
  readonly script: string;
}

/**
 * audit.html: one file that asks nothing of the network, and forbids itself to. Reads without script, prints, and gives
 * the same bytes for the same report.
 */
export function reportHtml(report: AuditReport, { css, script }: PageAssets): string {
  const title = `Dependency audit of ${report.project.name}`;
  const policy = `default-src 'none'; style-src ${hashOf(css)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(css)}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
<main>
${overview(report)}
${findingsSection(report)}
${decisionsSection(report)}
${exceptionsSection(report)}
${licencesSection(report)}
${biggestSection(report)}
${packagesSection(report)}
</main>
${footer(report)}
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.text;
}

/** As a browser computes it for an inline element: over the very text between the tags. */
const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function footer({ lockfile, policy, node, platform, date }: AuditReport): Markup {
  return html`<footer>
<p>Read from <b>${lockfile.file}</b> (version ${lockfile.lockfileVersion}, SHA-256 <code>${lockfile.sha256}</code>) and the packages installed beside it on ${platform} with Node ${node}, on ${date}, and held against the policy <b>${policy.name}</b> (SHA-256 <code>${policy.sha256}</code>).</p>
<p>Licence texts are recognised by their wording, which is a help and no legal advice. Known vulnerabilities are not looked up: <code>npm audit</code> does that.</p>
</footer>`;
}
