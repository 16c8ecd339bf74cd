import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { AuditReport } from "./audit-report.ts";
import { reportHtml } from "./report-html.ts";
import { reportJson } from "./report-json.ts";

export interface WrittenReport {
  /** Absolute paths. */
  readonly html: string;
  readonly json: string;
  /** SHA-256 of audit.json's bytes, in hex. */
  readonly sha256: string;
}

/**
 * Write audit.html and audit.json into a folder, which is made where it is missing. Doing it again gives the same files,
 * and at no time is there half a file under these names.
 */
export async function writeReport(folder: string, report: AuditReport): Promise<WrittenReport> {
  await mkdir(folder, { recursive: true });
  const [css, script] = await Promise.all([readAsset("report.css"), readAsset("table-script.js")]);
  const [html, json] = [join(folder, "audit.html"), join(folder, "audit.json")];
  const jsonText = reportJson(report);
  await replaceFile(html, reportHtml(report, { css, script }));
  await replaceFile(json, jsonText);
  return { html, json, sha256: hashOf(jsonText) };
}

const readAsset = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/**
 * Another file, flushed, takes the name at once: whoever reads sees the old text or the new one. It is named by the
 * text, so that a process that died in between leaves nothing that the next one does not use.
 */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${hashOf(text).slice(0, 16)}.tmp`;
  await using file = await open(temporary, "w");
  await file.writeFile(text);
  await file.sync();
  await rename(temporary, path);
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
