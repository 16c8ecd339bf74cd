import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import { claimLaws } from "./run-store/claim-laws.ts";
import { createLaws } from "./run-store/create-laws.ts";
import { damageLaws, type StoreDamage } from "./run-store/damage-laws.ts";
import { dutyLaws, sharedDutyLaws } from "./run-store/duty-laws.ts";
import { journalLaws } from "./run-store/journal-laws.ts";
import type { Law } from "./run-store/law.ts";
import { lifecycleLaws } from "./run-store/lifecycle-laws.ts";
import { limitLaws } from "./run-store/limit-laws.ts";
import { listLaws } from "./run-store/list-laws.ts";
import { mailLaws } from "./run-store/mail-laws.ts";
import { durableMoveLaws, moveLaws, sharedMoveLaws } from "./run-store/move-laws.ts";
import { nodeRegistryLaws } from "./run-store/node-registry-laws.ts";
import { nodeLaws } from "./run-store/node-laws.ts";
import { placementLaws } from "./run-store/placement-laws.ts";
import { randomLaws } from "./run-store/random-laws.ts";
import { durableLaws, sharedLaws } from "./run-store/shared-laws.ts";
import { rateLaws } from "./run-store/rate-laws.ts";
import { snapshotLaws } from "./run-store/snapshot-laws.ts";
import { type SqlDialect, sqliteDialect } from "./run-store/sql-dialect.ts";
import { damagedTailLaws, tailLaws } from "./run-store/tail-laws.ts";
import { tenantLaws } from "./run-store/tenant-laws.ts";
import { transactionLaws } from "./run-store/transaction-laws.ts";

export type { SqlDialect, StoreDamage };

export interface RunStoreSuiteOptions {
  /** Close this store and open its data again. Needed by stores whose `features.durability` is not `none`. */
  readonly reopen?: (store: RunStore) => Promise<RunStore>;
  /** Open the data of this open store once more, as another process would. Needed by stores whose `features.shared` is true. */
  readonly beside?: (store: RunStore) => Promise<RunStore>;
  /** Spoil what is kept, for the laws about checksums; absent: they are not tested. */
  readonly damage?: StoreDamage;
  /** How the user's statements are written, for stores with `features.transactions`. Default: as SQLite takes them. */
  readonly dialect?: SqlDialect;
  /** Laws that this store does not keep: title and reason. A title that no law has is a failure. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Rounds of random operations. Default 5. */
  readonly rounds?: number;
  /** Seed of the first round. Default 1. */
  readonly seed?: number;
}

/**
 * Registers one `node:test` test for each law of the `RunStore` port.
 *
 * @param name of the adapter, for the report
 * @param open a store with nothing in it; each test closes its own
 */
export function runStoreSuite(name: string, open: () => Promise<RunStore>, options: RunStoreSuiteOptions = {}): void {
  describe(`${name} keeps the RunStore laws`, () => {
    const skip = new Map(Object.entries(options.skip ?? {}));
    const law: Law = (title, body) => {
      const reason = skip.get(title);
      skip.delete(title);
      test(title, { skip: reason ?? false }, async (context) => {
        await using store = await open();
        await body(store, context);
      });
    };

    for (const laws of [
      journalLaws,
      createLaws,
      claimLaws,
      tenantLaws,
      placementLaws,
      limitLaws,
      rateLaws,
      mailLaws,
      nodeLaws,
      nodeRegistryLaws,
      dutyLaws,
      snapshotLaws,
      tailLaws,
      listLaws,
      lifecycleLaws,
    ])
      laws(law);
    moveLaws(law, open);
    transactionLaws(law, options.dialect ?? sqliteDialect);
    law("the suite was given what the store's features need", async ({ features }) => {
      assert.equal(options.reopen !== undefined, features.durability !== "none", "reopen, exactly if something survives");
      assert.equal(options.beside !== undefined, features.shared, "beside, exactly if the store is shared");
    });
    if (options.reopen !== undefined) {
      durableLaws(open, options.reopen);
      durableMoveLaws(open, options.reopen);
    }
    if (options.beside !== undefined) {
      sharedLaws(open, options.beside);
      sharedMoveLaws(open, options.beside);
      sharedDutyLaws(open, options.beside);
    }
    if (options.damage !== undefined) {
      damageLaws(open, options.damage);
      damagedTailLaws(open, options.damage);
    }
    randomLaws(open, options.rounds ?? 5, options.seed ?? 1);

    test("every skipped law exists", () => assert.deepEqual([...skip.keys()], []));
  });
}
