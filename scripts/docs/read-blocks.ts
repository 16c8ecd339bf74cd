/** A fenced piece of code on a page that the docs check does something with. */
export interface Block {
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: "ts" | "sh" | "yaml";
  /** Name to keep it under, so that later blocks of the page can use it: ` ```ts file=flow.ts `. */
  readonly file?: string;
  /** False: it is only kept and compiled. */
  readonly run: boolean;
  /** A server of its own that it and the page's later blocks need; its address is in HEDDLE_STORE. */
  readonly server?: "postgres";
  readonly code: string;
}

/**
 * The blocks of a page that are run, in order. Every `ts` block is, unless it is marked `ts no-run`: with a `file=` it is then only kept and compiled.
 * A `sh` block is only when marked `sh run`. A `yaml` block with a `file=` is kept. Others are for reading.
 *
 * @throws an Error, with the line, at a mark that does not exist and at a fence that is not closed
 */
export function readBlocks(page: string): Block[] {
  const lines = page.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", fence = "", info = ""] = /^(\s*)(`{3,})(.*)$/.exec(lines[at] ?? "") ?? [];
    if (fence === "") continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence);
    if (end < 0) throw new Error(`line ${at + 1}: the code block is not closed`);
    const block = readMarks(info.trim(), at + 1);
    if (block !== undefined) {
      const code = lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
      blocks.push({ ...block, line: at + 1, code: `${code.join("\n")}\n` });
    }
    at = end;
  }
  return blocks;
}

function readMarks(info: string, line: number): Omit<Block, "line" | "code"> | undefined {
  const [language, ...marks] = info.split(/\s+/);
  if (language !== "ts" && language !== "sh" && language !== "yaml") return undefined;
  const file = marks.find((mark) => mark.startsWith("file="))?.slice("file=".length);
  const unknown = marks.find((mark) => !isMark(language, mark));
  if (unknown !== undefined) throw new Error(`line ${line}: "${unknown}" is no mark of a ${language} block`);
  const run = language === "ts" ? !marks.includes("no-run") : marks.includes("run");
  if (!run && file === undefined) return undefined;
  return {
    language,
    run,
    ...(file === undefined ? {} : { file }),
    ...(marks.includes("with=postgres") ? { server: "postgres" as const } : {}),
  };
}

function isMark(language: Block["language"], mark: string): boolean {
  if (language === "yaml") return /^file=[\w.-]+\.yaml$/.test(mark);
  if (mark === "with=postgres") return true;
  return language === "ts" ? mark === "no-run" || /^file=[\w.-]+\.ts$/.test(mark) : mark === "run";
}
