import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { hasCode } from "heddle";
import { findingKinds } from "../findings/finding.ts";
import { foldFindings } from "../findings/fold-findings.ts";
import type { PackageFacts } from "../package/package-facts.ts";
import { judgeFindings, type Decision, type JudgedFinding } from "../policy/judge-findings.ts";
import { judgeLicence } from "../policy/judge-licence.ts";
import { parsePolicy, splitPackage, type LicenceRules, type Policy } from "../policy/policy.ts";
import policySchema from "../policy/policy.schema.json" with { type: "json" };
import { settleFindings } from "../policy/settle-findings.ts";
import type { Verdict } from "../policy/verdict.ts";
import { licenceOf, packageOf } from "./package-of.ts";

const rules: LicenceRules = {
  allowed: ["MIT", "ISC", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"],
  noted: ["MPL-*", "LGPL-2.0+"],
  ask: ["GPL-*", "AGPL-3.0-only"],
  denied: ["SSPL-*", "AGPL-*", "GPL-1.0", "UNLICENSED"],
  unlisted: "ask",
};

describe("judgeLicence", () => {
  const cases: readonly (readonly [expression: string, verdict: Verdict, because: RegExp])[] = [
    ["MIT", "ok", /^MIT is allowed$/],
    ["mit", "ok", /allowed/],
    ["MPL-2.0", "note", /^MPL-2\.0 is to be noted \(as MPL-\*\)$/],
    ["GPL-3.0-only", "ask", /asked about \(as GPL-\*\)/],
    ["UNLICENSED", "forbidden", /denied/],
    ["Zlib", "ask", /^Zlib is in none of the policy's lists$/],
    // Of a choice the mildest, of a conjunction the strictest.
    ["SSPL-1.0 OR MIT", "ok", /^of the choice MIT is the mildest: MIT is allowed$/],
    ["MIT AND SSPL-1.0", "forbidden", /^SSPL-1\.0 is denied/],
    ["(MIT OR SSPL-1.0) AND MPL-2.0", "note", /MPL-2\.0/],
    ["MIT AND ISC OR SSPL-1.0", "ok", /MIT AND ISC/],
    ["GPL-3.0-only OR SSPL-1.0", "ask", /of the choice GPL-3\.0-only/],
    // The longest entry that fits decides.
    ["GPL-1.0", "forbidden", /^GPL-1\.0 is denied$/],
    ["AGPL-3.0-only", "ask", /asked about$/],
    ["AGPL-3.0-or-later", "forbidden", /\(as AGPL-\*\)/],
    // An exception only adds permissions; `+` lets one choose the licence itself.
    ["Apache-2.0 WITH LLVM-exception", "ok", /\(as Apache-2\.0\)/],
    ["GPL-2.0-only WITH Classpath-exception-2.0", "ok", /allowed$/],
    ["GPL-2.0-only WITH Other-exception", "ask", /GPL-\*/],
    ["Apache-2.0+", "ok", /\(as Apache-2\.0\)/],
    ["LGPL-2.0+", "note", /noted$/],
    ["LGPL-2.0", "ask", /none of the policy's lists/],
    ["not an expression", "ask", /cannot be read/],
  ];
  for (const [expression, verdict, because] of cases) {
    test(`says ${verdict} to ${expression}`, () => {
      const judged = judgeLicence(rules, expression);

      assert.equal(judged.verdict, verdict);
      assert.match(judged.because, because);
    });
  }
});

const written = { name: "House rules", licences: { allowed: ["MIT"] } };
const policyOf = (more: object = {}): Policy => parsePolicy({ ...written, ...more }, "policy.json");

describe("parsePolicy", () => {
  test("fills in what is left out", () => {
    assert.deepEqual(policyOf(), {
      name: "House rules",
      licences: { allowed: ["MIT"], noted: [], ask: [], denied: [], unlisted: "ask" },
      findings: {},
      limits: { packageBytes: 100_000_000, totalBytes: 1_000_000_000 },
      installScripts: { allowed: [] },
      developmentAtMost: "forbidden",
      exceptions: [],
      approvers: [],
    });
  });

  const faults: readonly (readonly [name: string, policy: unknown, ...says: RegExp[]])[] = [
    ["no object", 3, /policy\.json is no policy: the whole: expected a value of type object, got 3/],
    ["nothing in it", {}, /name: expected a name for the report, got nothing/, /licences: expected lists of SPDX ids, got nothing/],
    ["an unknown field", { ...written, licenses: {} }, /licenses: expected only .*licences.*, got licenses/],
    [
      "an unknown verdict",
      { ...written, findings: { engines: "warn" } },
      /findings\.engines: expected one of ok, note, ask, forbidden, got "warn"/,
    ],
    ["an unknown kind", { ...written, findings: { engine: "ok" } }, /findings\.engine: expected only/],
    [
      "a licence that cannot be one",
      { ...written, licences: { allowed: ["MIT", "Apache 2.0"] } },
      /licences\.allowed\[1\]: expected an SPDX id/,
    ],
    [
      "a licence in two lists",
      { ...written, licences: { allowed: ["MIT"], ask: ["mit"] } },
      /licences\.ask\[0\]: expected each licence once, got mit, which is in allowed too/,
    ],
    [
      "an exception without reason",
      { ...written, exceptions: [{ package: "a", finding: "*" }] },
      /exceptions\[0\]\.reason: expected why it is fine, got nothing/,
    ],
    [
      "an exception until no day",
      { ...written, exceptions: [{ package: "a", finding: "*", reason: "x", until: "2026-02-30" }] },
      /exceptions\[0\]\.until: expected a day/,
    ],
    [
      "an exception for no kind",
      { ...written, exceptions: [{ package: "a", finding: "all", reason: "x" }] },
      /exceptions\[0\]\.finding: expected \* or one of licence, /,
    ],
    [
      "an exception for no range",
      { ...written, exceptions: [{ package: "a@latest", finding: "*", reason: "x" }] },
      /exceptions\[0\]\.package: expected name or name@range/,
    ],
    [
      "a size below nothing",
      { ...written, limits: { packageBytes: -1, totalBytes: 0.5 } },
      /limits\.packageBytes: expected at least 0, got -1/,
      /limits\.totalBytes: expected a value of type integer, got 0\.5/,
    ],
  ];
  for (const [name, policy, ...says] of faults) {
    test(`refuses ${name}, naming the place`, () => {
      assert.throws(
        () => parsePolicy(policy, "policy.json"),
        (error: Error) => hasCode(error, "INPUT_INVALID") && says.every((one) => one.test(error.message)),
      );
    });
  }

  test("the schema knows every kind of finding but the licence, which has rules of its own", () => {
    assert.deepEqual(
      Object.keys(policySchema.properties.findings.properties),
      findingKinds.filter((kind) => kind !== "licence"),
    );
  });

  test("the shipped policy is one, and says something of every kind", () => {
    const shipped: unknown = JSON.parse(readFileSync(new URL("../default-policy.json", import.meta.url), "utf8"));

    assert.deepEqual(
      Object.keys(parsePolicy(shipped, "default-policy.json").findings),
      findingKinds.filter((kind) => kind !== "licence"),
    );
  });

  test("a scope's @ is no version", () => {
    assert.deepEqual(splitPackage("@scope/a"), { name: "@scope/a", range: null });
    assert.deepEqual(splitPackage("@scope/a@^1.2"), { name: "@scope/a", range: "^1.2" });
  });
});

function judge(policy: Policy, ...packages: readonly PackageFacts[]): readonly JudgedFinding[] {
  return judgeFindings(policy, foldFindings(packages, { ...policy.limits, node: "24.0.0" }).findings, "2026-06-15");
}

describe("judgeFindings", () => {
  const gpl = (name: string, more: Partial<PackageFacts> = {}): PackageFacts =>
    packageOf(name, { licence: licenceOf("GPL-3.0-only", "GPL-3.0"), ...more });
  const asking = (more: object = {}): Policy => policyOf({ licences: { allowed: ["MIT"], ask: ["GPL-*"] }, ...more });

  test("what is fine is no finding", () => {
    assert.deepEqual(judge(policyOf(), packageOf("a")), []);
  });

  test("a kind that the policy does not name is a note", () => {
    const [found] = judge(policyOf(), packageOf("a", { deprecated: "x" }));

    assert.deepEqual([found?.id, found?.verdict], ["deprecated:a@1.0.0", "note"]);
    assert.deepEqual(judge(policyOf({ findings: { deprecated: "ok" } }), packageOf("a", { deprecated: "x" })), []);
  });

  test("an allowed install script is none", () => {
    const scripted = packageOf("a", { installScripts: [{ event: "install", command: "x" }] });
    const policy = (allowed: readonly string[]): Policy => policyOf({ findings: { "install-script": "ask" }, installScripts: { allowed } });

    assert.deepEqual(judge(policy(["a"]), scripted), []);
    assert.equal(judge(policy(["b"]), scripted)[0]?.verdict, "ask");
  });

  test("an exception makes a note of it, and says why", () => {
    const exceptions = [{ package: "a@^1", finding: "licence", reason: "a licence was bought", until: "2026-06-15", by: "Ana" }];
    const [found, ...others] = judge(asking({ exceptions }), gpl("a"));

    assert.equal(others.length, 0);
    assert.deepEqual([found?.verdict, found?.exception?.by], ["note", "Ana"]);
    assert.match(found?.because ?? "", /excepted: a licence was bought/);
  });

  test("an exception holds to its last day, and no longer", () => {
    const verdictUntil = (until: string): readonly (readonly [string, Verdict])[] =>
      judge(asking({ exceptions: [{ package: "a", finding: "*", reason: "x", until }] }), gpl("a")).map(({ kind, verdict }) => [
        kind,
        verdict,
      ]);

    assert.deepEqual(verdictUntil("2026-06-15"), [["licence", "note"]]);
    assert.deepEqual(verdictUntil("2026-06-14"), [
      ["licence", "ask"],
      ["exception-expired", "note"],
    ]);
  });

  test("an exception covers its package, its versions and its kind only", () => {
    const covered = (exception: object): boolean =>
      judge(asking({ exceptions: [{ package: "a", finding: "*", reason: "x", ...exception }] }), gpl("a")).every(
        ({ verdict }) => verdict === "note",
      );

    assert.equal(covered({}), true);
    assert.equal(covered({ finding: "deprecated" }), false);
    assert.equal(covered({ package: "b" }), false);
    assert.equal(covered({ package: "a@^1" }), true);
    assert.equal(covered({ package: "a@^2" }), false);
  });

  test("an exception that covers nothing is a finding", () => {
    const found = judge(policyOf({ exceptions: [{ package: "gone", finding: "*", reason: "x" }] }), packageOf("a"));

    assert.deepEqual(
      found.map(({ id, verdict }) => [id, verdict]),
      [["exception-unused:0", "note"]],
    );
  });

  test("what only development needs is judged no stricter than the policy says", () => {
    const verdicts = (developmentAtMost: Verdict): readonly Verdict[] =>
      judge(asking({ developmentAtMost }), gpl("a", { dev: true }), gpl("b")).map(({ verdict }) => verdict);

    assert.deepEqual(verdicts("note"), ["note", "ask"]);
    assert.deepEqual(verdicts("ok"), ["ask"]);
    assert.deepEqual(verdicts("forbidden"), ["ask", "ask"]);
  });
});

describe("settleFindings", () => {
  const [asked, noted] = judge(policyOf({ findings: { deprecated: "ask" } }), packageOf("a", { deprecated: "x", integrity: false }));
  assert.ok(asked !== undefined && noted !== undefined);
  const decision: Decision = { approved: true, by: "Ana", reason: "fine", atMs: 1, timedOut: false };
  const settle = (given: Decision | undefined): readonly JudgedFinding[] =>
    settleFindings([asked, noted], new Map(given === undefined ? [] : [[asked.id, given]]));

  test("what a person accepts becomes a note that bears their name", () => {
    assert.deepEqual(settle(decision), [{ ...asked, verdict: "note", decision }, noted]);
  });

  test("what is refused, unanswered or never asked is forbidden", () => {
    for (const given of [{ ...decision, approved: false }, { ...decision, approved: false, timedOut: true, by: null }, undefined]) {
      const [settled] = settle(given);
      assert.equal(settled?.verdict, "forbidden");
      assert.equal(settled?.decision?.approved, false);
    }
  });

  test("an answer to what was not asked changes nothing", () => {
    assert.deepEqual(settleFindings([noted], new Map([[noted.id, { ...decision, approved: false }]])), [noted]);
  });
});
