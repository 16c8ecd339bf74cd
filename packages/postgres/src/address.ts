import { HeddleError } from "@heddle/kernel";
import pg from "pg";

export interface Address {
  readonly config: pg.ClientConfig;
  /** Schema in which the store lives, as the user wrote it. */
  readonly schema: string;
  /** Host, port and database, for messages: without user and password. */
  readonly place: string;
}

const int8 = 20;
const schemaPattern = /^[a-z_][a-z0-9_]{0,40}$/u;
const loopback = /^(localhost|127(\.\d+){3}|::1|\[::1\])$/u;

/**
 * Read `postgres://user:password@host:port/database?schema=heddle`. What is left out is taken as `psql` takes it: from `PGHOST`, `PGUSER` and their like.
 * Anything that is not loopback or a socket is spoken to by TLS, with the server's certificate checked, unless `sslmode` says otherwise.
 *
 * @throws HeddleError `STORE_URL_INVALID`
 */
export function parseAddress(address: string): Address {
  let url: URL;
  try {
    url = new URL(address);
  } catch (error) {
    throw new HeddleError("STORE_URL_INVALID", "The store address is no URL: write postgres://user:password@host:5432/database.", {
      cause: error,
    });
  }
  const schema = url.searchParams.get("schema") ?? "heddle";
  if (!schemaPattern.test(schema)) {
    throw new HeddleError(
      "STORE_URL_INVALID",
      `The schema "${schema}" in the store's address is no plain name: use small letters, digits and _.`,
      {
        data: { schema },
      },
    );
  }
  const host =
    url.searchParams.get("host") ?? (url.hostname === "" ? (process.env["PGHOST"] ?? "localhost") : decodeURIComponent(url.hostname));
  const port = Number(url.port === "" ? (process.env["PGPORT"] ?? 5432) : url.port);
  const user = url.username === "" ? process.env["PGUSER"] : decodeURIComponent(url.username);
  const password = url.password === "" ? process.env["PGPASSWORD"] : decodeURIComponent(url.password);
  const database = url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : (process.env["PGDATABASE"] ?? user);
  const local = host.startsWith("/") || loopback.test(host);
  const mode = url.searchParams.get("sslmode") ?? process.env["PGSSLMODE"] ?? (local ? "disable" : "verify-full");
  return {
    schema,
    place: `${host}:${port}/${database ?? ""}`,
    config: {
      host,
      port,
      ...(user === undefined ? null : { user }),
      ...(password === undefined ? null : { password }),
      ...(database === undefined ? null : { database }),
      ssl: mode === "disable" ? false : { rejectUnauthorized: mode !== "require" && mode !== "prefer" && mode !== "allow" },
      ...(url.searchParams.get("options") === null ? null : { options: url.searchParams.get("options")! }),
      application_name: "heddle",
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      types: {
        getTypeParser: (oid: number, format?: "text") => (oid === int8 ? wholeNumber : pg.types.getTypeParser(oid, format)),
      } as pg.CustomTypesConfig,
    },
  };
}

/** The driver gives texts; what a double holds exactly becomes a number, what is larger a BigInt. */
function wholeNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
