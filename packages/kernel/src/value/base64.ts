// Not every engine has Uint8Array.prototype.toBase64 yet, and Buffer is not in browsers.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const codeOf = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0));
const valueOf = new Int8Array(256).fill(-1);
codeOf.forEach((code, value) => {
  valueOf[code] = value;
});

interface NativeBase64 {
  toBase64?: () => string;
}

/** Base64 with padding, RFC 4648 section 4. */
export function toBase64(bytes: Uint8Array): string {
  const native = (bytes as NativeBase64).toBase64;
  return native === undefined ? toBase64Portable(bytes) : native.call(bytes);
}

/** `toBase64` for engines without their own; exported so that tests reach it everywhere. */
export function toBase64Portable(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const triple = (at3(bytes, index) << 16) | (at3(bytes, index + 1) << 8) | at3(bytes, index + 2);
    codes[at] = at3(codeOf, triple >>> 18);
    codes[at + 1] = at3(codeOf, (triple >>> 12) & 63);
    codes[at + 2] = left > 1 ? at3(codeOf, (triple >>> 6) & 63) : 0x3d;
    codes[at + 3] = left > 2 ? at3(codeOf, triple & 63) : 0x3d;
    at += 4;
  }
  return new TextDecoder("latin1").decode(codes);
}

function at3(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

/** The bytes of padded base64; null when the text is anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const letters = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < letters; index += 1) {
    const code = text.charCodeAt(index);
    const value = code < 256 ? (valueOf[code] ?? -1) : -1;
    if (value < 0) return null;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >>> bits) & 255;
      at += 1;
    }
  }
  return bytes;
}
