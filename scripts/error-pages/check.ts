const expected = ["What happened", "Why", "What to do"];

/**
 * Faults between the error codes and the pages of `docs/errors` (text by file name): a code without its page,
 * a page without its code, a page that does not open with the code, lacks one of the three sections or says too little to
 * help. `README.md` is the list of all of them and links every page.
 */
export function checkErrorPages(codes: readonly string[], pages: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  const list = pages.get("README.md");
  if (list === undefined) faults.push("docs/errors/README.md: missing; it lists every code with a link");
  for (const code of codes) {
    const page = pages.get(`${code}.md`);
    if (page === undefined) faults.push(`docs/errors/${code}.md: missing; say what happened, why, and what to do`);
    else {
      if (!page.startsWith(`# ${code}\n`)) faults.push(`docs/errors/${code}.md: does not begin with "# ${code}"`);
      const sections = [...page.matchAll(/^## (.+)\n\n(?!#)\S/gm)].map(([, title]) => title);
      if (sections.join() !== expected.join())
        faults.push(`docs/errors/${code}.md: its sections are not "${expected.join('", "')}", each with a text`);
      if (page.split(/\s+/).length < 25) faults.push(`docs/errors/${code}.md: says too little to help`);
    }
    if (list !== undefined && !list.includes(`(${code}.md)`)) faults.push(`docs/errors/README.md: does not link ${code}.md`);
  }
  const known = new Set([...codes.map((code) => `${code}.md`), "README.md"]);
  for (const name of pages.keys()) if (!known.has(name)) faults.push(`docs/errors/${name}: there is no such code`);
  return faults;
}
