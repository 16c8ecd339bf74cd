import type { Json } from "@heddle/kernel";

/** What code of our own returns that was put together of values which the journal holds already: it is taken as it is, and not gone through once more. */
export class KeptValue {
  readonly json: Json;
  /** Its JSON text has no more than these. */
  readonly mostBytes: number;

  constructor(json: Json, mostBytes: number) {
    this.json = json;
    this.mostBytes = mostBytes;
  }
}
