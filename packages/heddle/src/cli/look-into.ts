import { hasCode } from "@heddle/kernel";
import type { Engine } from "../engine/engine.ts";
import type { Io } from "./io.ts";
import { openToLook } from "./store-location.ts";

/**
 * Ask a store something; null, and said so, where there is no store yet.
 *
 * @param what there is none of then
 */
export async function lookInto<T>(url: string, io: Io, what: string, look: (engine: Engine) => Promise<T>): Promise<T | null> {
  try {
    await using engine = await openToLook(url, io);
    return await look(engine);
  } catch (error) {
    const missing = hasCode(error, "STORE_UNAVAILABLE") && (error as { data?: { missing?: boolean } }).data?.missing === true;
    if (!missing) throw error;
    io.err(`No ${what}: there is no store ${url} yet. "${io.program} run FILE" makes it.`);
    return null;
  }
}
