import { cpus, loadavg, platform, arch, totalmem } from "node:os";

/** What a reader must know to weigh the figures. No name of a machine. */
export function machineLine(): string {
  const processors = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}, ${gib} GiB, ${platform()} ${arch()}, Node ${process.versions.node}`;
}

export function loadLine(): string {
  return loadavg()
    .map((load) => load.toFixed(2))
    .join(" ");
}
