/** A key that a person pressed, or text that came at once. */
export type KeyPress =
  | { readonly key: "text"; readonly text: string }
  | { readonly key: "enter" | "escape" | "backspace" | "delete" | "left" | "right" | "up" | "down" | "home" | "end" | "clear" };

const sequences: Readonly<Record<string, KeyPress["key"]>> = {
  "\u001b[A": "up",
  "\u001b[B": "down",
  "\u001b[C": "right",
  "\u001b[D": "left",
  "\u001bOA": "up",
  "\u001bOB": "down",
  "\u001bOC": "right",
  "\u001bOD": "left",
  "\u001b[H": "home",
  "\u001b[F": "end",
  "\u001b[1~": "home",
  "\u001b[4~": "end",
  "\u001bOH": "home",
  "\u001bOF": "end",
  "\u001b[3~": "delete",
  "\r": "enter",
  "\n": "enter",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0001": "home",
  "\u0005": "end",
  "\u0015": "clear",
  "\u001b": "escape",
};

// An escape sequence that we do not know is swallowed whole, or its letters would be typed.
const piece = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[@-~])|\u001b|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/gu;

/** What a terminal in raw mode sent, key by key. */
export function readKeys(input: string): readonly KeyPress[] {
  const keys: KeyPress[] = [];
  for (const [part] of input.matchAll(piece)) {
    const named = sequences[part];
    if (named !== undefined && named !== "text") keys.push({ key: named });
    else if (part === "\t") keys.push({ key: "text", text: " " });
    else if (part >= " " && part[0] !== "\u007f") keys.push({ key: "text", text: part });
  }
  return keys;
}
