import { crc32 } from "node:zlib";

/**
 * Checksum of a text that stands at this place of this run. The place and time go in first, so that a row that was moved, or whose
 * time changed, fails too.
 */
export function checksum(run: number, seq: number, atMs: number, body: string): number {
  const place = Math.imul(run, 0x9e3779b1) ^ Math.imul(seq, 0x85ebca6b) ^ Math.trunc(atMs % 0x1_0000_0000);
  return crc32(body, place >>> 0);
}
