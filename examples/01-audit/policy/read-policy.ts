import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HeddleError } from "heddle";
import { parsePolicy, type Policy } from "./policy.ts";

/**
 * Read a policy file.
 *
 * @returns the policy with its defaults, and the SHA-256 of the file's bytes in hex
 * @throws HeddleError `FILE_UNKNOWN`, `JSON_INVALID` (with the parser's position), `INPUT_INVALID` (every fault with its path)
 */
export async function readPolicy(path: string): Promise<Policy & { readonly sha256: string }> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new HeddleError("FILE_UNKNOWN", `There is no policy ${path}: give the path of a policy file, or none for the default one.`, {
      cause,
      data: { path },
    });
  });
  return { ...parsePolicy(parseJson(bytes.toString("utf8"), path), path), sha256: createHash("sha256").update(bytes).digest("hex") };
}

function parseJson(json: string, path: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new HeddleError("JSON_INVALID", `The policy ${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
      data: { path },
    });
  }
}
