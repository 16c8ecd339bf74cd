import type { RunRow, RunStatus, RunStore } from "@heddle/kernel";

/** Rows that are read at once. */
export const pageRows = 200;

/** All rows of a store, oldest first, a page at a time. */
export async function* runPages(store: RunStore, status?: readonly RunStatus[]): AsyncGenerator<readonly RunRow[]> {
  let after: string | undefined;
  for (;;) {
    const rows = await store.list({
      oldestFirst: true,
      limit: pageRows,
      ...(status === undefined ? null : { status }),
      ...(after === undefined ? null : { after }),
    });
    if (rows.length > 0) yield rows;
    if (rows.length < pageRows) return;
    after = rows.at(-1)?.runId;
  }
}
