import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { HeddleError } from "@heddle/kernel";
import { readCommitDag } from "./commit-dag.ts";
import { readWfFormat } from "./wf-format.ts";
import type { Workload } from "./workload.ts";
import { WorkloadFaults } from "./workload-fault.ts";

/** No recorded workflow is larger, unpacked. */
const mostBytes = 256 * 1_024 * 1_024;

/**
 * A recorded workflow from a file: WfFormat (`.json`) or a graph of commits (`.jsonl`), either of them also packed by gzip (`.gz`).
 *
 * @throws HeddleError `FILE_UNKNOWN`, `WORKLOAD_INVALID`
 */
export async function loadWorkload(path: string): Promise<Workload> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new HeddleError("FILE_UNKNOWN", `The workflow ${path} cannot be read: ${(error as Error).message}. Check the path.`, {
      cause: error,
      data: { file: path },
    });
  }
  const text = (path.endsWith(".gz") ? await unpack(bytes, path) : bytes).toString("utf8");
  const name = basename(path).replace(/\.gz$/, "");
  if (name.endsWith(".jsonl")) return readCommitDag(text, name.slice(0, -".jsonl".length));
  return readWfFormat(parse(text, path), path);
}

async function unpack(bytes: Buffer, path: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    return refuse(path, `It cannot be unpacked: ${(error as Error).message}.`);
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(path, `It is no JSON: ${(error as Error).message}`);
  }
}

function refuse(path: string, message: string): never {
  const faults = new WorkloadFaults();
  faults.add("syntax", "", message);
  faults.check(path);
  throw new Error(message);
}
