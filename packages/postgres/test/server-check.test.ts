import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HeddleError } from "@heddle/kernel";
import { checkServer, checkShared, type ServerFacts } from "../src/server-check.ts";

const place = "db:5432/app";
const sound: ServerFacts = {
  version: 180_001,
  replica: false,
  readonly: "off",
  encoding: "UTF8",
  durable: "on",
  isolation: "read committed",
};

function refusal(check: typeof checkServer, facts: Partial<ServerFacts>): HeddleError {
  let refused: HeddleError | null = null;
  assert.throws(
    () => check({ ...sound, ...facts }, place),
    (error: HeddleError) => {
      refused = error;
      return true;
    },
  );
  const error = refused as HeddleError | null;
  assert.ok(error !== null);
  assert.ok(error.message.includes(place), error.message);
  return error;
}

describe("a server that a store may be kept on", () => {
  for (const version of [140_000, 140_019, 150_014, 160_010, 170_006, 180_000, 190_000])
    test(`is one of version ${version / 10_000}`, () => checkServer({ ...sound, version }, place));

  for (const [version, said] of [
    [139_999, "is version 13"],
    [130_022, "is version 13"],
    [90_624, "is version 9"],
  ] as const)
    test(`is none of version ${version / 10_000}: it is told which it is, and which are needed`, () => {
      const error = refusal(checkServer, { version });

      assert.equal(error.code, "STORE_UNSUPPORTED");
      assert.ok(error.message.includes(said) && error.message.includes("14 or newer"), error.message);
      assert.equal(error.data?.["version"], version);
    });

  test("is no read replica, of whatever version and however it is set", () => {
    for (const other of [{}, { version: 130_000 }, { readonly: "on" }, { encoding: "LATIN1" }]) {
      const error = refusal(checkServer, { replica: true, ...other });

      assert.equal(error.code, "STORE_READ_ONLY");
      assert.match(error.message, /is a read replica: give the address of the primary/u);
    }
  });

  test("takes writes from this user", () => {
    const error = refusal(checkServer, { readonly: "on" });

    assert.equal(error.code, "STORE_READ_ONLY");
    assert.match(error.message, /default_transaction_read_only/u);
  });

  test("has every letter", () => {
    for (const encoding of ["SQL_ASCII", "LATIN1", "EUC_JP"]) {
      const error = refusal(checkServer, { encoding });

      assert.equal(error.code, "STORE_UNSUPPORTED");
      assert.ok(error.message.includes(encoding));
    }
  });
});

describe("a server behind a pooler in transaction mode", () => {
  test("serves with the settings that it comes with, and with commits that are safer", () => {
    for (const durable of ["on", "local", "remote_write", "remote_apply"]) checkShared({ ...sound, durable }, place);
  });

  test("does not serve a user whose commits are not on the disk, or who sees other than the last", () => {
    for (const [facts, said] of [
      [{ durable: "off" }, "synchronous_commit = off"],
      [{ isolation: "serializable" }, "default_transaction_isolation = 'serializable'"],
      [{ isolation: "repeatable read" }, "default_transaction_isolation = 'repeatable read'"],
    ] as const) {
      const error = refusal(checkShared, facts);

      assert.equal(error.code, "STORE_UNSUPPORTED");
      assert.ok(error.message.includes(said) && error.message.includes("ALTER ROLE"), error.message);
    }
  });
});
