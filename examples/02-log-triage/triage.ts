// Reads a web server's log in parts beside each other, asks a person where too much fails, and writes a report.
import { createReadStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { append, fold, graph, send, START, value } from "heddle";

const partBytes = 256 * 1024;
type Counts = Readonly<Record<string, number>>;
const add = (held: Counts, more: Counts): Counts =>
  Object.fromEntries([...new Set([...Object.keys(held), ...Object.keys(more)])].map((key) => [key, (held[key] ?? 0) + (more[key] ?? 0)]));
const total = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

const starts = (bytes: number): number[] => Array.from({ length: Math.ceil(bytes / partBytes) }, (_, index) => index * partBytes);

/** The lines that begin in this part of the file. The last one may end in the next. */
async function linesFrom(path: string, start: number): Promise<string[]> {
  const from = Math.max(0, start - 1);
  const chunks = await Array.fromAsync<Buffer>(createReadStream(path, { start: from, end: start + partBytes + 65_535 }));
  const text = Buffer.concat(chunks).toString("latin1");
  const end = text.indexOf("\n", start + partBytes - 1 - from);
  return text.slice(start === 0 ? 0 : text.indexOf("\n") + 1, end === -1 ? undefined : end).split("\n");
}

const counts = fold(add, {});
const state = {
  path: value<string>(),
  report: value("log-report.md"),
  bytes: value(0),
  seen: counts,
  failing: counts,
  notes: append<string>(),
};

export const triage = graph("log-triage", state, { input: ["path"] })
  .node("measure", async ({ path }) => ({ bytes: (await stat(path)).size }))
  .node("read", async ({ path, start }: { path: string; start: number }) => {
    const seen: Record<string, number> = {};
    const failing: Record<string, number> = {};
    for (const line of await linesFrom(path, start)) {
      const [, url, status = ""] = /"[A-Z]+ (\S+)[^"]*" (\d{3}) /.exec(line) ?? [];
      if (url !== undefined) seen[status] = (seen[status] ?? 0) + 1;
      if (status >= "4") failing[`${status} ${url}`] = (failing[`${status} ${url}`] ?? 0) + 1;
    }
    return { seen, failing };
  })
  .node("judge", ({ seen, failing }) => ({ notes: [`${total(failing)} of ${total(seen)} requests failed.`] }))
  .node("ask", async ({ notes }, ctx) => {
    const answer = await ctx.ask("owner", { kind: "text", prompt: `${notes.at(-1)} Who looks into it?` });
    return { notes: [`${answer.text} looks into it.`] };
  })
  .node("write", async ({ path, report, seen, failing, notes }) => {
    const rows = Object.entries(seen).map(([status, count]) => `| ${status} | ${count} |`);
    const worst = Object.entries(failing).toSorted(([, a], [, b]) => b - a);
    const lines = worst.slice(0, 10).map(([request, count]) => `- ${count} × \`${request}\``);
    await writeFile(report, [`# ${path}`, "", ...notes, "", "| status | requests |", "|---|---|", ...rows, "", ...lines, ""].join("\n"));
  })
  .edge(START, "measure")
  .route("measure", ({ path, bytes }) => starts(bytes).map((start) => send("read", { path, start })), {}, { sends: ["read"] })
  .edge("read", "judge")
  .route("judge", ({ seen, failing }) => (total(failing) > total(seen) / 20 ? "ask" : "write"), ["ask", "write"])
  .edge("ask", "write");
