type Crc32 = (text: string, start: number) => number;

/** Rows that are reckoned here before zlib is loaded for them: that takes 3 ms, a twentieth of what a process takes to its first run. */
let rowsLeft = 64;
/** Beyond this the loop here is the slower way at once. */
const shortLength = 2_000;
const lastOfAscii = 127;

let native: Crc32 | null = null;
let table: Int32Array | null = null;

/**
 * Checksum of a text that stands at this place of this run. The place and time go in first, so that a row that was moved, or whose
 * time changed, fails too.
 */
export function checksum(run: number, seq: number, atMs: number, body: string): number {
  const place = Math.imul(run, 0x9e3779b1) ^ Math.imul(seq, 0x85ebca6b) ^ Math.trunc(atMs % 0x1_0000_0000);
  const start = place >>> 0;
  if (native === null) {
    const reckoned = rowsLeft-- > 0 && body.length <= shortLength ? crc32OfAscii(body, start) : null;
    if (reckoned !== null) return reckoned;
    native = process.getBuiltinModule("node:zlib").crc32;
  }
  return native(body, start);
}

/** CRC-32 as zlib gives it; null: the text has other letters, and would have to become UTF-8 first. */
function crc32OfAscii(text: string, start: number): number | null {
  table ??= Int32Array.from({ length: 256 }, (_, byte) => afterByte(byte));
  let crc = ~start;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > lastOfAscii) return null;
    crc = table[(crc ^ code) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function afterByte(byte: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
}
