import { HeddleError } from "@heddle/kernel";

/** Oldest server that has all that is used here. */
const oldest = 140_000;

/** What a server says of itself. */
export interface ServerFacts {
  /** `server_version_num`. */
  readonly version: number;
  readonly replica: boolean;
  /** `default_transaction_read_only`. */
  readonly readonly: string;
  readonly encoding: string;
  /** `synchronous_commit`, as it is set for this user and database. */
  readonly durable: string;
  /** `default_transaction_isolation`, likewise. */
  readonly isolation: string;
}

/** @throws HeddleError `STORE_READ_ONLY`, `STORE_UNSUPPORTED`: no store can be kept there */
export function checkServer({ version, replica, readonly, encoding }: ServerFacts, place: string): void {
  const data = { place };
  if (replica)
    throw new HeddleError("STORE_READ_ONLY", `PostgreSQL at ${place} is a read replica: give the address of the primary.`, { data });
  if (readonly === "on") {
    const message = `PostgreSQL at ${place} takes no writes from this user (default_transaction_read_only is on): give the address of the primary, or set it off.`;
    throw new HeddleError("STORE_READ_ONLY", message, { data });
  }
  if (version < oldest) {
    const message = `PostgreSQL at ${place} is version ${Math.floor(version / 10_000)}, and Heddle needs 14 or newer: upgrade the server, or name another.`;
    throw new HeddleError("STORE_UNSUPPORTED", message, { data: { place, version } });
  }
  if (encoding !== "UTF8") {
    const message = `The database at ${place} is encoded in ${encoding}, which has not every letter: make another, with createdb -E UTF8 -T template0.`;
    throw new HeddleError("STORE_UNSUPPORTED", message, { data: { place, encoding } });
  }
}

/** Through a pooler in transaction mode no session can be set up as we need it. @throws HeddleError `STORE_UNSUPPORTED` */
export function checkShared({ durable, isolation }: ServerFacts, place: string): void {
  const wrong =
    durable === "off"
      ? "synchronous_commit = off"
      : isolation === "read committed"
        ? null
        : `default_transaction_isolation = '${isolation}'`;
  if (wrong === null) return;
  const message = `A pooler in transaction mode is before PostgreSQL at ${place}, and ${wrong} is set for this user: take that back with ALTER ROLE, or give the server's own address.`;
  throw new HeddleError("STORE_UNSUPPORTED", message, { data: { place } });
}
