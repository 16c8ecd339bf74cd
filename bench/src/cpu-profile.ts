import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A function's own time in a profile. */
export interface Share {
  /** `name file:line` */
  readonly place: string;
  /** Of all sampled time that was not idle, 0 to 1. */
  readonly share: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** What V8 writes with `--cpu-prof`. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

/** Where the processor was, largest first. Time in which nothing ran does not count. */
export function ownTime(profile: CpuProfile, most: number): Share[] {
  const places = new Map(profile.nodes.map((node) => [node.id, placeOf(node)]));
  const times = new Map<string, number>();
  let total = 0;
  profile.samples.forEach((id, index) => {
    const place = places.get(id) ?? "unknown";
    if (place === "(idle)") return;
    const time = profile.timeDeltas[index] ?? 0;
    times.set(place, (times.get(place) ?? 0) + time);
    total += time;
  });
  return [...times]
    .map(([place, time]) => ({ place, share: total === 0 ? 0 : time / total }))
    .toSorted((left, right) => right.share - left.share)
    .slice(0, most);
}

export function readCpuProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, "utf8")) as CpuProfile;
}

function placeOf({ callFrame }: ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  if (url === "") return functionName === "" ? "(native)" : functionName;
  const file = url.startsWith("node:") ? url : basename(url);
  return `${functionName === "" ? "(anonymous)" : functionName} ${file}:${lineNumber + 1}`;
}
