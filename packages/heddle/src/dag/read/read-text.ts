import type { Document, Node, ParsedNode } from "yaml";
import { type FaultList, type Path, pathOf } from "../config/dag-fault.ts";

/** What a file may hold at most. A configuration is far below each of them; what is above is a mistake or an attack. */
export const textLimits = {
  bytes: 10_000_000,
  scalar: 1_000_000,
  depth: 100,
  aliases: 100,
  tokens: 4_000_000,
  expanded: 1_000_000,
} as const;

/** A parsed text. */
export interface ReadText {
  /** Undefined: there are faults, and nothing to go on with. */
  readonly value: unknown;
  /** Where a part stands, from 1: its key if it has one, else itself; the nearest part around it that is there. */
  place(pointer: string): { readonly line: number; readonly column: number };
}

type Yaml = typeof import("yaml");

/**
 * Read YAML 1.2 (which JSON is part of) into plain values. Refused, with line and column: what is no YAML, a key twice, a key that is no
 * text or is `__proto__`, merge keys, tags of one's own, several documents, and more than `textLimits` allows.
 */
export function readText(yaml: Yaml, text: string, faults: FaultList): ReadText {
  const lines = new yaml.LineCounter();
  lines.addNewLine(0);
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const none: ReadText = { value: undefined, place: () => ({ line: 1, column: 1 }) };
  if (text.length > textLimits.bytes) {
    faults.add("abuse", [], `The text has ${text.length} characters.`, `Keep it below ${textLimits.bytes}.`, { line: 1, column: 1 });
    return none;
  }
  const parser = new yaml.Parser(lines.addNewLine);
  const tokens: import("yaml").CST.Token[] = [];
  let count = 0;
  for (const lexeme of new yaml.Lexer().lex(text)) {
    if ((count += 1) > textLimits.tokens) {
      faults.add("abuse", [], `The text has more than ${textLimits.tokens} marks and words.`, "Make it smaller.", { line: 1, column: 1 });
      return none;
    }
    tokens.push(...parser.next(lexeme));
    // Here, since what follows recurses. Below the outermost collection stand the document and its scalar.
    if (parser.stack.length <= textLimits.depth + 2) continue;
    faults.add("abuse", [], `The text is nested more than ${textLimits.depth} levels deep.`, "Make it flatter.", at(parser.offset));
    return none;
  }
  tokens.push(...parser.end());
  const composer = new yaml.Composer({
    version: "1.2",
    schema: "core",
    merge: false,
    uniqueKeys: false,
    stringKeys: true,
    logLevel: "silent",
  });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) return none;
  for (const { pos, message } of [...document.errors, ...document.warnings])
    faults.add("syntax", [], sentence(message), "Correct the text here.", at(pos[0]));
  if (second !== undefined)
    faults.add("syntax", [], "The text holds a second document.", "Keep one document in a file.", at(second.range?.[0] ?? 0));
  if (faults.all.length > 0) return none;
  const reader = new Reader(yaml, faults, at);
  const value = reader.read(document.contents);
  // A key twice hides no other fault; what was abuse may.
  return {
    value: faults.all.some(({ code }) => code !== "duplicate-key") ? undefined : value,
    place: (pointer) => at(offsetOf(yaml, document, pathOf(pointer))),
  };
}

function sentence(message: string): string {
  const [first = ""] = message.split("\n");
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Turns parsed nodes into plain values. An alias shares the value of its anchor: nothing is copied out. */
class Reader {
  readonly #yaml: Yaml;
  readonly #faults: FaultList;
  readonly #at: (offset: number) => { line: number; column: number };
  readonly #anchors = new Map<string, { readonly value: unknown; readonly size: number }>();
  readonly #path: (string | number)[] = [];
  #aliases = 0;
  /** Values up to here, those behind aliases counted each time. */
  #size = 0;

  constructor(yaml: Yaml, faults: FaultList, at: (offset: number) => { line: number; column: number }) {
    this.#yaml = yaml;
    this.#faults = faults;
    this.#at = at;
  }

  // As deep as the text, which `textLimits.depth` bounds.
  read(node: ParsedNode | Node | null): unknown {
    if (node === null) return null;
    if (this.#yaml.isAlias(node)) return this.#alias(node.source, node.range?.[0] ?? 0);
    const before = this.#size;
    this.#size += 1;
    const value = this.#content(node);
    const anchor = "anchor" in node ? node.anchor : undefined;
    if (typeof anchor === "string") this.#anchors.set(anchor, { value, size: this.#size - before });
    return value;
  }

  #content(node: Node): unknown {
    if (this.#yaml.isMap(node)) return this.#map(node as import("yaml").YAMLMap<Node, Node | null>);
    if (this.#yaml.isSeq(node)) return this.#list(node as import("yaml").YAMLSeq<Node>);
    const { value, range, source } = node as import("yaml").Scalar;
    if ((source?.length ?? 0) > textLimits.scalar)
      this.#fault(
        "abuse",
        `This text has ${source?.length} characters.`,
        `Keep each below ${textLimits.scalar}; larger data goes into the payload.`,
        range?.[0],
      );
    return value;
  }

  #map(map: import("yaml").YAMLMap<Node, Node | null>): unknown {
    const result: Record<string, unknown> = {};
    for (const { key, value } of map.items) {
      const offset = key?.range?.[0];
      const name = this.#yaml.isScalar(key) ? key.value : undefined;
      if (typeof name !== "string") {
        this.#fault("syntax", "This key is no text.", "Use plain words as keys.", offset);
      } else if (name === "__proto__") {
        this.#fault("abuse", '"__proto__" cannot be a key.', "Take it out.", offset);
      } else if (name === "<<") {
        this.#fault("syntax", "Merge keys (<<) are not expanded: they are not part of YAML 1.2.", "Write the keys out.", offset);
      } else if (Object.hasOwn(result, name)) {
        this.#fault("duplicate-key", `The key ${JSON.stringify(name)} stands here a second time.`, "Keep one of them.", offset);
      } else {
        this.#path.push(name);
        result[name] = this.read(value);
        this.#path.pop();
      }
    }
    return result;
  }

  #list(list: import("yaml").YAMLSeq<Node>): unknown[] {
    return list.items.map((item, index) => {
      this.#path.push(index);
      const value = this.read(item);
      this.#path.pop();
      return value;
    });
  }

  #alias(name: string, offset: number): unknown {
    this.#aliases += 1;
    if (this.#aliases === textLimits.aliases + 1)
      this.#fault("abuse", `The text has more than ${textLimits.aliases} aliases.`, "Write the values out.", offset);
    const anchor = this.#anchors.get(name);
    if (anchor === undefined) {
      this.#fault("syntax", `No anchor &${name} stands before this alias, or it is inside of it.`, "Write the value out.", offset);
      return null;
    }
    this.#size += anchor.size;
    if (this.#size > textLimits.expanded) {
      // Said once.
      if (this.#size - anchor.size <= textLimits.expanded)
        this.#fault(
          "abuse",
          `With its aliases the text stands for more than ${textLimits.expanded} values.`,
          "Write the values out.",
          offset,
        );
      return null;
    }
    return anchor.value;
  }

  #fault(code: "abuse" | "syntax" | "duplicate-key", message: string, mend: string, offset = 0): void {
    this.#faults.add(code, this.#path, message, mend, this.#at(offset));
  }
}

function offsetOf(yaml: Yaml, document: Document.Parsed, path: Path): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const key of path) {
    if (yaml.isAlias(node)) node = node.resolve(document) ?? null;
    if (yaml.isMap(node)) {
      const pair = node.items.find((item) => yaml.isScalar(item.key) && item.key.value === key);
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = (pair.value as Node | null | undefined) ?? null;
    } else if (yaml.isSeq(node)) {
      const item = node.items[Number(key)] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
