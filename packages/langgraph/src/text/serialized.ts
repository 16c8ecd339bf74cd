import { Buffer } from "node:buffer";
import type { StoredText } from "./stored-text.ts";

/** What a serializer made of a value, as text. */
export type PlainText = { readonly type?: string; readonly base64?: true; readonly text: string };

const json = "json";
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes of a serializer as a text that gives them back exactly. */
export function toPlainText([type, bytes]: readonly [type: string, bytes: Uint8Array]): PlainText {
  const named = type === json ? null : { type };
  try {
    return { ...named, text: strict.decode(bytes) };
  } catch {
    return { ...named, base64: true, text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
  }
}

/** What the serializer is given back. */
export function toSerialized({ type = json, base64 }: StoredText, text: string): readonly [type: string, bytes: Uint8Array] {
  return [type, base64 === true ? new Uint8Array(Buffer.from(text, "base64")) : encoder.encode(text)];
}
