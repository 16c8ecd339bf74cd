import { contentHash, type Json } from "@heddle/kernel";

/** Evenly in [0, 1), from the first 52 bits of the seed's hash. */
export function seededNumber(seed: Json): number {
  return Number.parseInt(contentHash(seed).slice(0, 13), 16) / 2 ** 52;
}

/** A version 8 UUID (RFC 9562): 122 bits of the seed's hash. */
export function seededUuid(seed: Json): string {
  const hex = contentHash(seed).slice(0, 32);
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
