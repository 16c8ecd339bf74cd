import { HeddleError } from "@heddle/kernel";
import { stateOf, toHeddleError } from "./fault.ts";

const certificateCodes = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Why a connection did not come to be, or the store could not be made: what to do about it, where that can be said. */
export function toRefusal(error: unknown, place: string): HeddleError {
  if (error instanceof HeddleError) return error;
  const why = whyRefused(error, place);
  if (why === null) return toHeddleError(error, place);
  const state = stateOf(error);
  return new HeddleError("STORE_REFUSED", why, { data: { place, ...(state === null ? null : { state }) }, cause: error });
}

function whyRefused(error: unknown, place: string): string | null {
  const text = error instanceof Error ? error.message : String(error);
  switch (stateOf(error)) {
    case "28P01":
    case "28000":
      return `PostgreSQL at ${place} does not let this user in (${text}): check user, password and sslmode in the address.`;
    case "3D000":
      return `PostgreSQL at ${place} has no such database (${text}): make it with createdb, or correct the address.`;
    case "42501":
      return `This user may not make or use the store at ${place} (${text}): grant it CREATE on the database, or let the user who made the store open it.`;
    case null:
      break;
    default:
      return null;
  }
  if (text === "The server does not support SSL connections")
    return `PostgreSQL at ${place} speaks no TLS, and the address demands it: set ssl = on at the server, or sslmode=disable in the address if the road there is safe.`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code === "string" && certificateCodes.has(code))
    return `The certificate of PostgreSQL at ${place} is not trusted (${text.split(";")[0]}): name its authority with sslrootcert=FILE in the address, or sslmode=require if nobody can stand in between.`;
  // Asked for by the server, and the driver has none to give.
  if (/password must be a string/iu.test(text)) return `PostgreSQL at ${place} asks for a password, and the address has none.`;
  return null;
}
