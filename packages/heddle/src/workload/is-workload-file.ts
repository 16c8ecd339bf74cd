import { open } from "node:fs/promises";

/** How a file says that it is in WfFormat, somewhere near its beginning. */
const mark = /"schemaVersion"\s*:/;
const lookedAt = 65_536;

/** Whether a file holds a recorded workflow, by its name or, for `.json`, by how it begins. False for one that cannot be read. */
export async function isWorkloadFile(path: string): Promise<boolean> {
  if (/\.(json\.gz|jsonl|jsonl\.gz)$/.test(path)) return true;
  if (!path.endsWith(".json")) return false;
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(lookedAt), 0, lookedAt, 0);
    const text = buffer.toString("utf8", 0, bytesRead);
    return mark.test(text) && !/"heddle"\s*:\s*1/.test(text);
  } catch {
    return false;
  }
}
