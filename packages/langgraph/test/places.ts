import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeAddress } from "@heddle/testing";

/** A store on disk for one test: what is opened at its address sees what was kept there before. */
export interface Place extends Disposable {
  readonly address: string;
}

const postgres = process.env["HEDDLE_POSTGRES"];
let schemas = 0;

/** Where the tests run that open a store more than once. */
export const places: readonly { readonly name: string; make(): Place }[] = [
  {
    name: "sqlite",
    make() {
      const folder = mkdtempSync(join(tmpdir(), "heddle-langgraph-"));
      return { address: `sqlite:${join(folder, "heddle.db")}`, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    },
  },
  ...(postgres === undefined
    ? []
    : [
        {
          name: "postgres",
          make: (): Place => ({ address: storeAddress(postgres, `lg${process.pid}_${++schemas}`), [Symbol.dispose]: () => {} }),
        },
      ]),
];
