import { constants, existsSync, statSync } from "node:fs";
import { access, mkdtemp, open, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Finding } from "./finding.ts";

/** File systems by the number that Linux gives them, with what they mean for a database. */
const fileSystems: ReadonlyMap<number, { readonly name: string; readonly risk?: string }> = new Map([
  [0x6969, { name: "NFS", risk: "locks on network file systems are not to be trusted: keep the store on a local disk" }],
  [0xff534d42, { name: "CIFS", risk: "locks on network file systems are not to be trusted: keep the store on a local disk" }],
  [0xfe534d42, { name: "SMB2", risk: "locks on network file systems are not to be trusted: keep the store on a local disk" }],
  [0x01021994, { name: "tmpfs", risk: "it is memory: the store is gone after a restart of the machine" }],
  [0x794c7630, { name: "overlayfs" }],
  [0xef53, { name: "ext4" }],
  [0x58465342, { name: "XFS" }],
  [0x9123683e, { name: "btrfs" }],
  [0x2fc12fc1, { name: "ZFS" }],
]);

/** Below this a store stops being able to write soon. */
const littleSpaceBytes = 256 * 1024 * 1024;

const flushes = 9;

/** Look at where a store's file lies: may it be written, is there room, what does a flush to the disk cost. */
export async function lookAtDisk(file: string, nowMs: () => number): Promise<readonly Finding[]> {
  const folder = dirname(file);
  const findings: Finding[] = [];
  for (const path of existsSync(file) ? [file, folder] : [folder]) {
    const denied = await refused(path);
    if (denied !== null)
      return [{ status: "problem", subject: "file", says: `${path} cannot be written: ${denied}.`, next: [["look at", `ls -ld ${path}`]] }];
  }
  const { type, bavail, bsize } = await statfs(folder);
  const system = fileSystems.get(type >>> 0);
  const freeBytes = bavail * bsize;
  if (system?.risk !== undefined)
    findings.push({ status: "note", subject: "disk", says: `${folder} is on ${system.name}; ${system.risk}.` });
  findings.push(
    freeBytes < littleSpaceBytes
      ? { status: "problem", subject: "space", says: `Only ${formatBytes(freeBytes)} are free; a full disk stops all runs. Make room.` }
      : { status: "ok", subject: "space", says: `${formatBytes(freeBytes)} free${system === undefined ? "" : ` on ${system.name}`}` },
  );
  const flushMs = await measureFlush(folder, nowMs);
  findings.push({
    status: "ok",
    subject: "fsync",
    says: `${flushMs < 1 ? flushMs.toFixed(2) : flushMs.toFixed(1)} ms for 4 kB (median of ${flushes}): what one commit of a run that is alone costs at least`,
  });
  return findings;
}

/** Sizes of a store's files. */
export function lookAtFiles(file: string): Finding {
  const size = (path: string): number => (existsSync(path) ? statSync(path).size : 0);
  const log = size(`${file}-wal`);
  return {
    status: "ok",
    subject: "file",
    says: `${file}, ${formatBytes(size(file))}${log > 0 ? `, and ${formatBytes(log)} of log not yet folded in` : ""}`,
  };
}

async function refused(path: string): Promise<string | null> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return (error as { code?: string }).code === "EROFS" ? "the file system is read-only" : "its permissions do not allow it";
  }
}

async function measureFlush(folder: string, nowMs: () => number): Promise<number> {
  const scratch = await mkdtemp(join(folder, "doctor-"));
  try {
    const handle = await open(join(scratch, "flush"), "w");
    const page = Buffer.alloc(4096, 1);
    const times: number[] = [];
    for (let round = 0; round < flushes; round++) {
      const beganMs = nowMs();
      await handle.write(page, 0, page.length, round * page.length);
      await handle.sync();
      times.push(nowMs() - beganMs);
    }
    await handle.close();
    return times.sort((a, b) => a - b)[Math.floor(flushes / 2)] ?? 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
