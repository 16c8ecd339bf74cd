import { hostname } from "node:os";
import { sha256Hex } from "@heddle/kernel";

const { readFileSync, readlinkSync } = process.getBuiltinModule("node:fs");

// A node's default name says which process it is, so that a process on the same machine need not wait for the lease of one
// that was killed. The place is part of it: a process id means something only in one boot and one container.

/** `HOST.PLACE-PID-RANDOM` */
export function processName(random: string): string {
  return `${hostname()}.${place()}-${process.pid}-${random}`;
}

/** True if `node` names a process of this place that is gone. False for every other name, and where it cannot be told. */
export function isGone(node: string): boolean {
  const prefix = `${hostname()}.${place()}-`;
  if (!node.startsWith(prefix)) return false;
  const pid = Number(/^\d+(?=-)/.exec(node.slice(prefix.length))?.[0] ?? Number.NaN);
  if (!Number.isSafeInteger(pid) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

let known: string | undefined;

// Linux tells boot and process-id namespace apart. Elsewhere each process is a place of its own: leases decide.
function place(): string {
  known ??= sha256Hex(read()).slice(0, 8);
  return known;
}

function read(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8")} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return process.platform === "linux" ? `${process.pid} ${Date.now()}` : process.platform;
  }
}
