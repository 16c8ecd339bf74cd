/** A length of time for people: `80ms`, `1.2s`, `42s`, `3m 05s`, `2h 10m`, `4d 3h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return formatDuration(0);
  if (ms < 1000) return `${Math.floor(ms)}ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(Math.floor(seconds) % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** As `formatDuration`, without parts of a second: for what is counted down on a screen. */
export function formatWholeSeconds(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.ceil(ms / 1000))}s` : formatDuration(ms);
}

/** Time of day in the reader's zone: `14:03:09`. */
export function formatClock(atMs: number): string {
  const time = new Date(atMs);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** Date and time in the reader's zone: `2026-03-01 14:03:09`. */
export function formatMoment(atMs: number): string {
  const time = new Date(atMs);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${formatClock(atMs)}`;
}

/** Time of day today, else date and time. */
export function formatWhen(atMs: number, nowMs: number): string {
  return new Date(atMs).toDateString() === new Date(nowMs).toDateString() ? formatClock(atMs) : formatMoment(atMs);
}

/** How long ago or until: `5s ago`, `in 2h 10m`. */
export function formatRelative(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${formatWholeSeconds(atMs - nowMs)}` : `${formatWholeSeconds(nowMs - atMs)} ago`;
}

function two(count: number): string {
  return String(count).padStart(2, "0");
}
