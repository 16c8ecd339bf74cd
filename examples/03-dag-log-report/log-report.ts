import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dag, type Processor } from "heddle";

/** Lines of a level without what differs each time: times, numbers, ids. */
function messages(text: string, level: string): string[] {
  const marks = /\b\d{4}-\d\d-\d\dT?[\d:.,+Z-]*|\b[0-9a-f]{8,}\b|\d+/g;
  return text
    .split("\n")
    .filter((line) => new RegExp(`\\b${level}\\b`).test(line))
    .map((line) =>
      line
        .replace(marks, "#")
        .replace(new RegExp(`^[^A-Za-z]*\\b${level}\\b\\W*`), "")
        .trim(),
    );
}

const read: Processor = async ({ payload }) => ({ payload: await readFile(String(payload), "utf8"), metadata: { file: payload } });

const levels: Processor = ({ payload }) => {
  const counts: Record<string, number> = { ERROR: 0, WARN: 0, INFO: 0, DEBUG: 0 };
  for (const [level = ""] of String(payload).matchAll(/\b(?:ERROR|WARN|INFO|DEBUG)\b/g)) counts[level] = (counts[level] ?? 0) + 1;
  return { metadata: counts };
};

const topMessages: Processor = ({ payload, options }) => {
  const counts = new Map<string, number>();
  for (const message of messages(String(payload), options["level"] as string)) counts.set(message, (counts.get(message) ?? 0) + 1);
  const top = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, options["most"] as number);
  return { metadata: { top: top.map(([message, count]) => ({ message, count })) } };
};

const summary: Processor = ({ metadata }) => {
  const { ERROR = 0, WARN = 0 } = metadata["levels"] as { ERROR?: number; WARN?: number };
  const top = (metadata["errors"]?.["top"] ?? []) as { message: string; count: number }[];
  const lines = [`${String(metadata["size"]?.["line_count"])} lines, ${ERROR} errors, ${WARN} warnings`];
  return { payload: [...lines, ...top.map(({ message, count }) => `${count} x ${message}`)].join("\n") };
};

export default await dag.load(join(import.meta.dirname, "report.yaml"), { processors: { read, levels, topMessages, summary } });
