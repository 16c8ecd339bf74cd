/** Words that stay small in a title, but at its beginning. */
const smallWords: ReadonlySet<string> = new Set("a an the and or but in on at to for of with by".split(" "));

export function upperCase(text: string): string {
  return text.toUpperCase();
}

export function lowerCase(text: string): string {
  return text.toLowerCase();
}

/** Each word with a capital first; white space between words becomes one space. */
export function properCase(text: string): string {
  return wordsOf(text).map(capital).join(" ");
}

/** As `properCase`, but small words stay small. */
export function titleCase(text: string): string {
  return wordsOf(text)
    .map((word, index) => (index > 0 && smallWords.has(word.toLowerCase()) ? word.toLowerCase() : capital(word)))
    .join(" ");
}

/** By code points: what takes two code units stays whole. */
export function reverseText(text: string): string {
  return Array.from(text).toReversed().join("");
}

/** Split at white space as Unicode has it. */
export function wordsOf(text: string): string[] {
  return text.split(/\p{White_Space}+/u).filter((word) => word !== "");
}

function capital(word: string): string {
  const first = String.fromCodePoint(word.codePointAt(0) ?? 0);
  return first.toUpperCase() + word.slice(first.length).toLowerCase();
}
