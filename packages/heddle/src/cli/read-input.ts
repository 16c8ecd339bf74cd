import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { HeddleError } from "@heddle/kernel";
import type { Io } from "./io.ts";
import { parseJson } from "./parse-json.ts";

/**
 * A value from the command line: JSON text, `@file`, or `-` for standard input.
 *
 * @param option its name with dashes, for messages
 * @throws HeddleError `JSON_INVALID`, `FILE_UNKNOWN`
 */
export async function readInput(text: string, option: string, io: Pick<Io, "cwd" | "readStdin">): Promise<unknown> {
  if (text === "-") return parseJson(await io.readStdin(), "standard input");
  if (!text.startsWith("@")) return parseJson(text, option);
  const name = text.slice(1);
  return parseJson(await readTextFile(name, option, io.cwd), name);
}

async function readTextFile(name: string, option: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, name), "utf8");
  } catch (error) {
    const reason = (error as { code?: string }).code === "EISDIR" ? "is a folder" : "cannot be read";
    throw new HeddleError("FILE_UNKNOWN", `${option}: the file ${name} ${reason}; give the path of a JSON file after the @.`, {
      cause: error,
      data: { file: name },
    });
  }
}
