import { readFileSync } from "node:fs";
import { HeddleError } from "@heddle/kernel";
import pg from "pg";

export interface Address {
  readonly config: pg.ClientConfig;
  /** Schema in which the store lives, as the user wrote it. */
  readonly schema: string;
  /** Whose store it must be; null: it is said by nobody. */
  readonly cluster: string | null;
  /** Host, port and database, for messages: without user and password. */
  readonly place: string;
}

const int8 = 20;
const schemaPattern = /^[a-z_][a-z0-9_]{0,40}$/u;
const loopback = /^(localhost|127(\.\d+){3}|::1|\[::1\])$/u;
const clusterPattern = /^[A-Za-z0-9_.-]{1,63}$/u;
const known = ["schema", "cluster", "sslmode", "sslrootcert", "options", "host"];

/** How the server's certificate is looked at. `prefer` and `allow` are not here: they would go on without TLS where there is none. */
const modes = ["disable", "require", "verify-ca", "verify-full"] as const;
type Mode = (typeof modes)[number];

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
    throw invalid("The store address is no URL: write postgres://user:password@host:5432/database.", error);
  }
  const given = url.searchParams;
  for (const name of given.keys())
    if (!known.includes(name))
      throw invalid(`The store's address has the option "${name}", which is unknown: there are ${known.join(", ")}.`);
  const schema = given.get("schema") ?? "heddle";
  if (!schemaPattern.test(schema))
    throw invalid(`The schema "${schema}" in the store's address is no plain name: use small letters, digits and _.`);
  const cluster = given.get("cluster");
  if (cluster !== null && !clusterPattern.test(cluster))
    throw invalid(`The cluster "${cluster}" in the store's address is no plain name: use up to 63 letters, digits, _ . and -.`);
  const host = given.get("host") ?? (url.hostname === "" ? (process.env["PGHOST"] ?? "localhost") : decoded(url.hostname));
  const port = Number(url.port === "" ? (process.env["PGPORT"] ?? 5432) : url.port);
  const user = url.username === "" ? process.env["PGUSER"] : decoded(url.username);
  const password = url.password === "" ? process.env["PGPASSWORD"] : decoded(url.password);
  const database = url.pathname.length > 1 ? decoded(url.pathname.slice(1)) : (process.env["PGDATABASE"] ?? user);
  const local = host.startsWith("/") || loopback.test(host);
  const options = given.get("options");
  return {
    schema,
    cluster,
    place: `${host}:${port}/${database ?? ""}`,
    config: {
      host,
      port,
      ...(user === undefined ? null : { user }),
      ...(password === undefined ? null : { password }),
      ...(database === undefined ? null : { database }),
      ssl: tls(given.get("sslmode") ?? process.env["PGSSLMODE"] ?? (local ? "disable" : "verify-full"), given.get("sslrootcert")),
      ...(options === null ? null : { options }),
      application_name: "heddle",
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      types: {
        getTypeParser: (oid: number, format?: "text") => (oid === int8 ? wholeNumber : pg.types.getTypeParser(oid, format)),
      } as pg.CustomTypesConfig,
    },
  };
}

function tls(mode: string, rootFile: string | null): pg.ClientConfig["ssl"] {
  if (!isMode(mode)) throw invalid(`The store's address has sslmode=${mode}, which is not supported: there are ${modes.join(", ")}.`);
  if (mode === "disable") return false;
  let ca: string | undefined;
  try {
    if (rootFile !== null) ca = readFileSync(rootFile, "utf8");
  } catch (error) {
    throw invalid(`The certificates that sslrootcert names in the store's address cannot be read: ${rootFile}.`, error);
  }
  return {
    rejectUnauthorized: mode !== "require",
    ...(ca === undefined ? null : { ca }),
    // The certificate is signed by somebody who is trusted; whose it is, is not asked.
    ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : null),
  };
}

function isMode(text: string): text is Mode {
  return (modes as readonly string[]).includes(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw invalid("The store's address has a % that stands for itself: write it as %25, also in a password.", error);
  }
}

function invalid(message: string, cause?: unknown): HeddleError {
  return new HeddleError("STORE_URL_INVALID", message, cause === undefined ? {} : { cause });
}

/** The driver gives texts; what a double holds exactly becomes a number, what is larger a BigInt. */
function wholeNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
