export interface CaseTest {
  readonly number: number;
  /** Without its number; what is put in when it runs is an ellipsis. */
  readonly title: string;
}

/** Tests in the text of a test file whose titles begin with the number of a fault case, in their order. */
export function findCaseTests(text: string): CaseTest[] {
  const found: CaseTest[] = [];
  for (const match of text.matchAll(/\btest\(\s*(["'`])case (\d+): /g)) {
    const title = readTitle(text, match.index + match[0].length, match[1] as string);
    found.push({ number: Number(match[2]), title });
  }
  return found;
}

function readTitle(text: string, from: number, quote: string): string {
  let title = "";
  for (let at = from; at < text.length && text[at] !== quote; at++) {
    if (text[at] === "\\") title += text[++at] ?? "";
    else if (quote === "`" && text.startsWith("${", at)) {
      at = endOfPlaceholder(text, at + 2);
      title += "…";
    } else title += text[at];
  }
  return title;
}

/** Where its closing brace stands; braces in it are in pairs. */
function endOfPlaceholder(text: string, from: number): number {
  let open = 1;
  let at = from;
  for (; at < text.length && open > 0; at++) {
    if (text[at] === "{") open++;
    else if (text[at] === "}") open--;
  }
  return at - 1;
}
