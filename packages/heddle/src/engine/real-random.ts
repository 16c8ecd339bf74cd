import { randomFillSync } from "node:crypto";
import type { Random } from "@heddle/kernel";

const random = Math.random;
const letters = "0123456789abcdefghjkmnpqrstvwxyz";
const pool = new Uint8Array(4096);
let used = pool.length;

/** The machine's randomness. Ids are 16 letters that people can read out: 80 bits. */
export const realRandom: Random = {
  next: () => random(),
  id() {
    if (used + 16 > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    let id = "";
    for (let index = 0; index < 16; index++) id += letters[(pool[used + index] as number) & 31];
    used += 16;
    return id;
  },
};
