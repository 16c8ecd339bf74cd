import assert from "node:assert/strict";
import { test } from "node:test";
import { open, workflow } from "heddle";
import { encodeValue } from "@heddle/kernel";
import { openMemoryStore } from "heddle/internal";
import { inputHash } from "../../src/engine/input-hash.ts";
import { kept } from "../kept-store.ts";

/** An error as code that lies in this folder throws it. */
function thrownIn(folder: string, message = "declined"): Error {
  const cause = new Error("limit");
  cause.stack = `Error: limit\n    at check (${folder}/limit.ts:1:1)`;
  const error = new Error(message, { cause });
  error.stack = `Error: ${message}\n    at pay (${folder}/pay.ts:1:1)`;
  return error;
}

test("inputs are the same wherever the code lies that threw the errors in them", () => {
  const hash = (value: unknown): string => inputHash(encodeValue(value));

  assert.equal(hash({ tries: [thrownIn("/a")] }), hash({ tries: [thrownIn("/b")] }));
  assert.equal(hash(new Map([["of", thrownIn("/a")]])), hash(new Map([["of", thrownIn("/b")]])));
  assert.notEqual(hash(thrownIn("/a")), hash(thrownIn("/a", "refused")));
  assert.notEqual(hash({ stack: "one" }), hash({ stack: "other" }), "a field of that name in anything else counts");
});

test("a child that was given an error is found again after a deployment to another folder", async () => {
  const store = openMemoryStore();
  const code = (folder: string) => {
    const child = workflow("child", async (ctx, { why }: { why: Error }) => `${why.message} ${await ctx.receive<string>("go", "go")}`);
    return workflow("parent", (ctx) => ctx.call("child", child, { why: thrownIn(folder) }));
  };
  {
    await using engine = await open(kept(store), { workflows: [code("/a")] });
    const run = await engine.start("parent", undefined, { id: "p" });
    for await (const event of run.events()) if (event.type === "op-opened") break;
  }
  await using engine = await open(kept(store), { workflows: [code("/b")] });
  await engine.signal("p.child", "go", "again");

  assert.equal(await (await engine.get("p")).result(), "declined again");
});
