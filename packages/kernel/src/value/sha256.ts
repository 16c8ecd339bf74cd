// SHA-256 as FIPS 180-4 defines it. Synchronous, unlike the one of the web platform: hashes are made between two events.

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const roundConstants = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
/** The same of the square roots of the first 8. */
const initialState = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

const blockBytes = 64;

const encoder = new TextEncoder();

/** The words of the block that is being digested. */
const schedule = new Int32Array(64);

/** SHA-256 as 64 lower-case hexadecimal digits; of a text, that of its UTF-8 bytes (a lone surrogate counts as U+FFFD). */
export function sha256Hex(data: string | Uint8Array): string {
  const hash = new Sha256();
  hash.add(typeof data === "string" ? encoder.encode(data) : data);
  return hash.hex();
}

/** The hash of a message that comes in parts. */
export class Sha256 {
  readonly #state = initialState.slice();
  /** What came after the last whole block. */
  readonly #rest = new Uint8Array(blockBytes);
  #bytes = 0;

  add(part: Uint8Array): void {
    const held = this.#bytes % blockBytes;
    this.#bytes += part.length;
    const missing = held === 0 ? 0 : Math.min(blockBytes - held, part.length);
    if (missing > 0) {
      this.#rest.set(part.subarray(0, missing), held);
      if (held + missing < blockBytes) return;
      this.#digest(this.#rest, 0, blockBytes);
    }
    const end = part.length - ((part.length - missing) % blockBytes);
    this.#digest(part, missing, end);
    this.#rest.set(part.subarray(end));
  }

  /** As 64 lower-case hexadecimal digits. Nothing may be added after it. */
  hex(): string {
    const tail = paddedTail(this.#rest.subarray(0, this.#bytes % blockBytes), this.#bytes);
    this.#digest(tail, 0, tail.length);
    let hex = "";
    for (const word of this.#state) hex += (word >>> 0).toString(16).padStart(8, "0");
    return hex;
  }

  #digest(bytes: Uint8Array, from: number, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = from; offset < to; offset += blockBytes) digestBlock(this.#state, view, offset);
  }
}

/** The rest of the message, a bit that is set, zeros, and the message's length in bits. */
function paddedTail(rest: Uint8Array, bytes: number): Uint8Array {
  const tail = new Uint8Array(rest.length < 56 ? blockBytes : 2 * blockBytes);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, Math.floor(bytes / 0x20000000));
  view.setUint32(tail.length - 4, (bytes << 3) >>> 0);
  return tail;
}

function digestBlock(state: Int32Array, view: DataView, offset: number): void {
  for (let t = 0; t < 16; t += 1) schedule[t] = view.getInt32(offset + t * 4);
  for (let t = 16; t < 64; t += 1) {
    const before15 = schedule[t - 15]!;
    const before2 = schedule[t - 2]!;
    const sigma0 = rotate(before15, 7) ^ rotate(before15, 18) ^ (before15 >>> 3);
    const sigma1 = rotate(before2, 17) ^ rotate(before2, 19) ^ (before2 >>> 10);
    schedule[t] = (schedule[t - 16]! + sigma0 + schedule[t - 7]! + sigma1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t += 1) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + roundConstants[t]! + schedule[t]!) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 0x100000000) | 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}
