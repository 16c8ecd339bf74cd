/** A link of a page to a file of the repository, without what follows `#`. */
export interface Link {
  readonly line: number;
  readonly target: string;
}

/** Relative links of a page outside of code; links to other sites and within the page are left out. */
export function readLinks(page: string): Link[] {
  let inCode = false;
  return page.split("\n").flatMap((text, index) => {
    if (/^\s*```/.test(text)) inCode = !inCode;
    if (inCode) return [];
    return [...text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
      .map(([, target = ""]) => ({ line: index + 1, target }))
      .filter(({ target }) => !/^[a-z]+:/.test(target));
  });
}
