import type { Json } from "@heddle/kernel";
import type { Schema } from "../config/check-shape.ts";
import type { Intent } from "../config/dag-config.ts";
import { countTokens } from "./count-tokens.ts";
import { countWords } from "./count-words.ts";
import { lowerCase, properCase, reverseText, titleCase, upperCase } from "./change-text.ts";

export type Options = Readonly<Record<string, Json>>;

/** A processor of text that is built in. */
export interface LocalProcessor {
  readonly intent: Intent;
  readonly options: Readonly<Record<string, Schema>>;
  /** Of a transform: the new text. Of an analyzer: its metadata. */
  readonly run: (text: string, options: Options) => string | Readonly<Record<string, Json>>;
}

// DAGwood's files name the case in the options too. It may be said again, not otherwise.
function changing(name: string, run: (text: string) => string): LocalProcessor {
  const only = { const: name };
  return { intent: "transform", options: { case: only, case_type: only }, run };
}

/** DAGwood's eight local processors, by name. */
export const localProcessors: Readonly<Record<string, LocalProcessor>> = {
  change_text_case_upper: changing("upper", upperCase),
  change_text_case_lower: changing("lower", lowerCase),
  change_text_case_proper: changing("proper", properCase),
  change_text_case_title: changing("title", titleCase),
  reverse_text: { intent: "transform", options: {}, run: reverseText },
  prefix_suffix_adder: {
    intent: "transform",
    options: { prefix: { type: "string" }, suffix: { type: "string" } },
    run: (text, { prefix = "[", suffix = "]" }) => `${prefix as string}${text}${suffix as string}`,
  },
  token_counter: {
    intent: "analyze",
    options: { count_type: { enum: ["all", "characters", "words", "lines"] } },
    run: (text, { count_type = "all" }) => countTokens(text, count_type as "all"),
  },
  word_frequency_analyzer: {
    intent: "analyze",
    options: { max_words: { type: "integer", minimum: 1 } },
    run: (text, { max_words = 1_000 }) => countWords(text, max_words as number),
  },
};
