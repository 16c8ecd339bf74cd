import { wordsOf } from "./change-text.ts";

/** Characters are code points. A text has a line at least; a line break at its end begins no other. */
export function countTokens(text: string, which: "all" | "characters" | "words" | "lines"): Record<string, number> {
  const counts = {
    characters: () => ({ char_count: codePoints(text) }),
    words: () => ({ word_count: wordsOf(text).length }),
    lines: () => ({ line_count: lines(text) }),
  };
  return which === "all" ? { ...counts.characters(), ...counts.words(), ...counts.lines() } : counts[which]();
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function lines(text: string): number {
  let breaks = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) breaks += 1;
  return Math.max(1, text === "" || text.endsWith("\n") ? breaks : breaks + 1);
}
