import { HeddleError } from "@heddle/kernel";

/**
 * The text of a payload.
 *
 * @throws HeddleError `PROCESSOR_INPUT_INVALID`, status 400, of what is no text and no valid UTF-8; no retry follows it
 */
export function textOf(payload: unknown, node: string): string {
  if (typeof payload === "string") return payload;
  if (!(payload instanceof Uint8Array)) {
    const found = payload === undefined ? "missing" : payload === null ? "null" : Array.isArray(payload) ? "a list" : `a ${typeof payload}`;
    throw inputInvalid(node, `its payload is ${found}; it takes text, or bytes that are UTF-8`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
  } catch (error) {
    throw inputInvalid(node, "its payload is not valid UTF-8", error);
  }
}

/** The text in the form that the payload had: bytes stay bytes. */
export function payloadLike(payload: unknown, text: string): string | Uint8Array {
  return payload instanceof Uint8Array ? new TextEncoder().encode(text) : text;
}

function inputInvalid(node: string, why: string, cause?: unknown): HeddleError {
  const error = new HeddleError("PROCESSOR_INPUT_INVALID", `Node "${node}" cannot begin: ${why}.`, {
    data: { node, status: 400 },
    ...(cause === undefined ? null : { cause }),
  });
  return Object.assign(error, { final: true });
}
