import type { Random } from "@heddle/kernel";

// Not imported, here and elsewhere on the way to the first run: of an imported module of its own Node makes every export, with `node:fs`
// all of its streams, which takes 4 ms.
const { closeSync, fstatSync, openSync, readSync } = process.getBuiltinModule("node:fs");

const random = Math.random;
const letters = Uint8Array.from("0123456789abcdefghjkmnpqrstvwxyz", (letter) => letter.charCodeAt(0));
const idLetters = 16;
const pool = new Uint8Array(16_384);
/** Many ids' letters, of which each id is a part. */
let drawn = "";
let used = 0;

/** The machine's randomness. Ids are 16 letters that people can read out: 80 bits. */
export const realRandom: Random = {
  next: () => random(),
  id() {
    if (used === drawn.length) {
      fill(pool);
      drawn = Buffer.from(pool.map((byte) => letters[byte & 31] as number)).toString("latin1");
      used = 0;
    }
    used += idLetters;
    return drawn.slice(used - idLetters, used);
  },
};

/** The system's generator is read directly where it is a file: `node:crypto` reads the same one, and takes 7 ms to load. */
function fill(bytes: Uint8Array): void {
  try {
    const device = openSync("/dev/urandom", "r");
    try {
      if (fstatSync(device).isCharacterDevice() && readSync(device, bytes) === bytes.length) return;
    } finally {
      closeSync(device);
    }
  } catch {
    // Windows has none, and a process may not be allowed to read it.
  }
  process.getBuiltinModule("node:crypto").randomFillSync(bytes);
}
