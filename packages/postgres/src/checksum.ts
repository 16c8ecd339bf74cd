import { crc32 } from "node:zlib";

/** Checksum of a text that stands at this place of this run. The place and time go in first, so that a row that was moved, or whose time changed, fails too. */
export function checksum(runId: string, place: number | string, atMs: number, body: string): number {
  return crc32(body, crc32(`${runId} ${place} ${atMs}`));
}
