import type { JudgedFinding } from "../policy/judge-findings.ts";
import type { AuditReport } from "./audit-report.ts";
import { kindLabels } from "./kind-labels.ts";
import { html, type Markup } from "./markup.ts";
import { pointInTime } from "./wording.ts";

/** Findings by severity, then by kind, each with what to do. */
export function findingsSection({ findings }: AuditReport): Markup {
  const forbidden = findings.filter(({ verdict }) => verdict === "forbidden");
  const accepted = findings.filter(({ decision }) => decision?.approved === true);
  const notes = findings.filter((finding) => finding.verdict === "note" && finding.decision === null);
  const none = findings.length === 0 ? html`<p class="empty">There are none.</p>` : null;
  return html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
${none}${severity("forbidden", "Against the policy", forbidden)}${severity("accepted", "Asked about, and accepted", accepted)}${severity("note", "Notes", notes)}
</section>`;
}

function severity(name: "forbidden" | "accepted" | "note", title: string, findings: readonly JudgedFinding[]): Markup | null {
  if (findings.length === 0) return null;
  // Groups come in the order of the labels, which begins with what matters most.
  const byKind = Map.groupBy(findings, ({ kind }) => kind);
  const groups = (Object.keys(kindLabels) as (keyof typeof kindLabels)[]).flatMap((kind) => {
    const members = byKind.get(kind);
    return members === undefined ? [] : [group(kind, members, name !== "note")];
  });
  return html`<div class="severity ${name}">
<h3>${title} <span class="count">${findings.length}</span></h3>
${groups}
</div>
`;
}

function group(kind: JudgedFinding["kind"], findings: readonly JudgedFinding[], open: boolean): Markup {
  const advices = new Set(findings.map(({ advice }) => advice));
  const shared = advices.size === 1 ? [...advices][0] : undefined;
  const advice = shared === undefined || shared === "" ? null : html`<p class="advice">${withCode(shared)}</p>`;
  return html`<details class="group"${open ? html` open` : null}>
<summary><span>${kindLabels[kind].group}</span><span class="count">${findings.length}</span></summary>
${advice}
<ul>
${findings.map((finding) => item(finding, shared === undefined))}</ul>
</details>
`;
}

function item(finding: JudgedFinding, withAdvice: boolean): Markup {
  const { package: name, version, title, details, requiredBy, dev, paths, because, exception, decision, advice } = finding;
  const tag = dev ? html` <span class="tag">development only</span>` : null;
  const who = name === null ? null : html`<p><b>${name}</b> <span class="version">${version}</span>${tag}</p>`;
  const rows = [
    ...details.map((detail) => html`<li>${detail}</li>`),
    requiredBy.length === 0 ? null : html`<li>Required by ${requiredBy.join(", ")}</li>`,
    html`<li>Why: ${because}</li>`,
    exception === null
      ? null
      : html`<li>Excepted${exception.by === undefined ? null : ` by ${exception.by}`}${exception.until === undefined ? null : ` until ${exception.until}`}</li>`,
    decision === null ? null : html`<li class="decision">${decisionLine(decision)}</li>`,
    places(paths),
    withAdvice && advice !== "" ? html`<li class="advice">${withCode(advice)}</li>` : null,
  ];
  return html`<li class="finding">${who}<p>${title}</p><ul>${rows}</ul></li>
`;
}

/** A finding of one copy says where it is; one of hundreds does not list them all. */
function places(paths: readonly string[]): Markup | null {
  if (paths.length === 0) return null;
  const shown = paths.slice(0, 5).map((path, index) => html`${index === 0 ? null : ", "}<code>${path}</code>`);
  return html`<li>In ${shown}${paths.length > 5 ? ` and ${paths.length - 5} more places` : null}</li>`;
}

/** Our own advice has commands between backticks. */
function withCode(advice: string): readonly Markup[] {
  return advice.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

/** Who decided what, and when. */
export function decisionLine({ approved, by, reason, atMs, timedOut }: NonNullable<JudgedFinding["decision"]>): string {
  if (atMs === null) return reason ?? "Nobody was asked";
  if (timedOut) return `Nobody answered in time, ${pointInTime(atMs)}`;
  return `${approved ? "Accepted" : "Refused"} by ${by ?? "someone who gave no name"}, ${pointInTime(atMs)}${reason === null ? "" : `: ${reason}`}`;
}
