import type { Io } from "../io.ts";
import { sqliteFile } from "../store-location.ts";

/** A store's address as people are told it, the same for every way to write it that we can tell: no password, the file with its whole path. */
export function storeName(url: string, io: Pick<Io, "cwd" | "env">): string {
  const file = sqliteFile(url, io.cwd);
  if (file !== null) return `sqlite:${file}`;
  if (!URL.canParse(url)) return url;
  const address = new URL(url);
  const host = address.searchParams.get("host") ?? (address.hostname || (io.env.PGHOST ?? "localhost"));
  const port = address.port === "" ? (io.env.PGPORT ?? "5432") : address.port;
  const database = address.pathname.length > 1 ? address.pathname : `/${io.env.PGDATABASE ?? address.username}`;
  return `postgres://${host}:${port}${database}?schema=${address.searchParams.get("schema") ?? "heddle"}`;
}
