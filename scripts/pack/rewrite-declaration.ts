/** What the compiler leaves of our `./x.ts` references in a declaration, turned into the files that are there. */
export function rewriteDeclaration(text: string): string {
  return text.replace(/(\b(?:from|import)\s*\(?\s*["'])(\.[^"'\n]+)\.ts(["'])/g, "$1$2.js$3");
}

/** A reference to a TypeScript file that would be missing in the package; undefined when there is none. A text that names the built file too chooses by itself. */
export function leftoverReference(text: string): string | undefined {
  const references = [...text.matchAll(/["'`](\.{1,2}\/[^"'`\n]*(?<!\.d)\.ts)["'`]/g)].map(([, path = ""]) => path);
  return references.find((path) => !text.includes(path.replace(/\.ts$/, ".js")));
}
