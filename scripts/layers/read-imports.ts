/** One import or re-export in a file. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone at run time: `import type`, `export type`. */
  readonly typeOnly: boolean;
}

// A statement begins its line in formatted code. What a template literal or a comment holds is blanked before.
const statement = /^[ \t]*(?:import|export)\b([^"'`;()]*?)["']([^"'\n]+)["']/gm;
const dynamic = /\bimport\(\s*["']([^"'\n]+)["']/g;
const worker = /new URL\(\s*["'](\.[^"'\n]+\.ts)["']\s*,\s*import\.meta\.url\s*\)/g;

/** Static and dynamic imports of a source text, and the files it names for workers, by line. */
export function readImports(source: string): Import[] {
  const code = blankTemplatesAndComments(source);
  const found: Import[] = [];
  const add = (index: number, specifier: string, typeOnly: boolean): void => {
    found.push({ specifier, line: code.slice(0, index).split("\n").length, typeOnly });
  };
  for (const match of code.matchAll(statement)) {
    const [, middle = "", specifier = ""] = match;
    const names = middle.trim();
    if (names !== "" && !names.endsWith("from")) continue; // export const name = "text"
    add(match.index, specifier, /^type\s+[^,]/.test(names) && !/^type\s+from$/.test(names));
  }
  for (const match of code.matchAll(dynamic)) add(match.index, match[1] ?? "", false);
  for (const match of code.matchAll(worker)) add(match.index, match[1] ?? "", false);
  return found.sort((a, b) => a.line - b.line);
}

/** Same length and lines, with the insides of block comments, line comments and template literals blanked. */
function blankTemplatesAndComments(source: string): string {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
  return source.replace(tokens, (token) => (token.startsWith('"') || token.startsWith("'") ? token : token.replace(/[^\n]/g, " ")));
}
