import { HeddleError, hasCode } from "@heddle/kernel";
import type { CopyOptions, CopyProgress } from "./copy-store.ts";

export interface DamagedBlob {
  readonly hash: string;
  readonly message: string;
}

const pageHashes = 200;

/** Copy what is kept by its content, and read it back. @throws HeddleError `COPY_DIFFERS` */
export async function copyBlobs(
  { from, to, fromName, toName, signal }: CopyOptions,
  tell: (progress: CopyProgress) => void,
): Promise<{ readonly values: number; readonly damagedValues: readonly DamagedBlob[] }> {
  const damagedValues: DamagedBlob[] = [];
  let values = 0;
  for (let after: string | null = null, more = true; more; ) {
    const hashes: readonly string[] = await from.listBlobs(after, pageHashes);
    for (const hash of hashes) {
      signal?.throwIfAborted();
      const body = await read(() => from.getBlob(hash));
      if (body === null) {
        damagedValues.push({ hash, message: `The value ${hash} in ${fromName} fails its checksum.` });
        continue;
      }
      await to.putBlob(hash, body);
      if ((await read(() => to.getBlob(hash))) !== body) {
        const message = `The value ${hash} is not the same in ${fromName} and ${toName}: what stood there already is damaged.`;
        throw new HeddleError("COPY_DIFFERS", message, { data: { hash } });
      }
      values++;
      tell({ phase: "values", done: values, total: null });
    }
    after = hashes.at(-1) ?? null;
    more = hashes.length === pageHashes;
  }
  return { values, damagedValues };
}

/** Null: it is damaged. */
async function read(get: () => Promise<string | null>): Promise<string | null> {
  try {
    return await get();
  } catch (error) {
    if (hasCode(error, "JOURNAL_CORRUPT")) return null;
    throw error;
  }
}
