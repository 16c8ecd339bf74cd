import type { Random } from "@heddle/kernel";

// Not imported, here and elsewhere on the way to the first run: of an imported module of its own Node makes every export, with `node:fs`
// all of its streams, which takes 4 ms.
const { closeSync, fstatSync, openSync, readSync } = process.getBuiltinModule("node:fs");

const random = Math.random;
const letters = "0123456789abcdefghjkmnpqrstvwxyz";
const pool = new Uint8Array(4096);
let used = pool.length;

/** The machine's randomness. Ids are 16 letters that people can read out: 80 bits. */
export const realRandom: Random = {
  next: () => random(),
  id() {
    if (used + 16 > pool.length) {
      fill(pool);
      used = 0;
    }
    let id = "";
    for (let index = 0; index < 16; index++) id += letters[(pool[used + index] as number) & 31];
    used += 16;
    return id;
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
