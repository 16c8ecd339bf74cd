import type { Json } from "@heddle/kernel";
import { wordsOf } from "./change-text.ts";

/**
 * How often each word stands in a text: letters and digits only, in lower case. A list, since words are the user's and make bad keys; the
 * most frequent first, then by the alphabet; at most `most` of them.
 */
export function countWords(text: string, most: number): Record<string, Json> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const each of wordsOf(text)) {
    const word = each.replace(/[^\p{Alphabetic}\p{N}]/gu, "").toLowerCase();
    if (word === "") continue;
    total += 1;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, most);
  return { total_words: total, total_unique_words: counts.size, words: words.map(([word, count]) => ({ word, count })) };
}
