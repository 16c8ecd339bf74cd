import { createHash } from "node:crypto";
import type { Hasher } from "@heddle/kernel/internal";

/** SHA-256 as the platform makes it: ten times as fast as the kernel, which has no platform. */
export function nativeSha256(): Hasher {
  const hash = createHash("sha256");
  return { add: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}
