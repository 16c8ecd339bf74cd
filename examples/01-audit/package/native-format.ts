export type NativeFormat = "ELF" | "Mach-O" | "PE";

const machO: ReadonlySet<number> = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe]);

/** Format of machine code, from a file's first 512 bytes; undefined for everything else. */
export function nativeFormatOf(head: Buffer): NativeFormat | undefined {
  if (head.length < 8) return undefined;
  const magic = head.readUInt32BE(0);
  if (magic === 0x7f454c46) return "ELF";
  if (machO.has(magic)) return "Mach-O";
  // Universal Mach-O and Java classes begin alike. Then come a count of architectures, or a version of at least 45.
  if (magic === 0xcafebabe) return head.readUInt32BE(4) < 45 ? "Mach-O" : undefined;
  return isPe(head) ? "PE" : undefined;
}

/** "MZ" alone could begin a text: the header that it points at decides. */
function isPe(head: Buffer): boolean {
  if (head.length < 64 || head.toString("latin1", 0, 2) !== "MZ") return false;
  const header = head.readUInt32LE(60);
  return header + 4 <= head.length && head.toString("latin1", header, header + 4) === "PE\0\0";
}
