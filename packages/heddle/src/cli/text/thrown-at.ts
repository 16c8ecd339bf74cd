import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

// `at name (file:line:column)`, `at async file:line:column`, with a path or a file: address.
const frame = /^\s+at (?:.*\()?(?<file>(?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(?<line>\d+):(?<column>\d+)\)?$/u;

/**
 * The innermost line of a recorded stack that is the user's own code: neither Node's nor ours nor a dependency's.
 *
 * @returns as editors and terminals open it: `flow.ts:12:47`, seen from `cwd` where it is below it; null where no line is
 */
export function thrownAt(stack: unknown, cwd: string): string | null {
  for (const text of typeof stack === "string" ? stack.split("\n") : []) {
    const { file = "", line, column } = frame.exec(text)?.groups ?? {};
    const path = file.startsWith("file:") ? pathOf(file) : file;
    if (path === null || path === "" || isForeign(path)) continue;
    const below = relative(cwd, path);
    return `${below === "" || below.startsWith(`..${sep}`) ? path : below}:${line}:${column}`;
  }
  return null;
}

/** The lines of a stack below the message. */
export function stackLines(stack: unknown): readonly string[] {
  return typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /u.test(line)) : [];
}

function isForeign(path: string): boolean {
  if (path.includes(`${sep}node_modules${sep}`)) return true;
  ours ??= ["heddle", "@heddle/kernel"].flatMap((name) => pathOf(new URL(".", import.meta.resolve(name)).href) ?? []);
  return ours.some((folder) => path.startsWith(folder));
}

/** The folders that our own code is in: in a clone of this repository, they are not in `node_modules`. */
let ours: readonly string[] | undefined;

function pathOf(address: string): string | null {
  try {
    return fileURLToPath(address);
  } catch {
    return null; // recorded on a machine of another kind
  }
}
