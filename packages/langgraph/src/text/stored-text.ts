/** A text as an event keeps it: whole, or made of pieces of earlier texts of the thread. */
export interface StoredText {
  /** How the serializer called it; absent: `json`. */
  readonly type?: string;
  /** The bytes are no UTF-8: the text is their base64. */
  readonly base64?: true;
  readonly text?: string;
  /** Numbers of the earlier texts that `parts` copy from. Texts are numbered from 0, in the order in which the thread's events hold them. */
  readonly from?: readonly number[];
  readonly parts?: readonly TextPart[];
}

/** New characters, or a copy: place in `from`, first character, how many. */
export type TextPart = string | readonly [base: number, start: number, length: number];

/** @returns what `value` is, if it is a text as an event keeps it; its copies are not looked up */
export function readStoredText(value: unknown): StoredText | null {
  if (typeof value !== "object" || value === null) return null;
  const { type, base64, text, from, parts } = value as Record<string, unknown>;
  if (type !== undefined && typeof type !== "string") return null;
  if (base64 !== undefined && base64 !== true) return null;
  const whole = typeof text === "string" && from === undefined && parts === undefined;
  const made = text === undefined && isList(from, isCount) && isList(parts, isPart);
  return whole || made ? value : null;
}

function isPart(part: unknown): boolean {
  return typeof part === "string" || (isList(part, isCount) && part.length === 3);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isList(value: unknown, fits: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(fits);
}
