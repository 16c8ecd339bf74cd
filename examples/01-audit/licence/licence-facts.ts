import type { DeclaredLicence } from "./declared-licence.ts";
import { licencesIn, parseSpdx } from "./spdx-expression.ts";

/** A licence file of a package and what its text was recognised as. */
export interface LicenceFile {
  readonly file: string;
  /** SPDX ids in order of appearance; empty: not recognised. */
  readonly ids: readonly string[];
}

/** Declaration and texts of one package, laid side by side. Plain data. */
export interface LicenceFacts {
  readonly declared: DeclaredLicence;
  readonly files: readonly LicenceFile[];
  /** The expression to judge by: the declared one, else what the texts say; null: nothing is known. */
  readonly expression: string | null;
  readonly expressionFrom: "declared" | "texts" | "nothing";
  readonly agreement: /** A text of a declared licence is there. */
    | "agrees"
    /** Texts are there, and none is of a declared licence. */
    | "differs"
    /** Files are there, and no text was recognised. */
    | "unrecognised"
    /** There is no licence file. */
    | "no-text"
    /** Nothing readable was declared, so there is nothing to compare. */
    | "undeclared";
  /** Texts beside the declared licences: mostly of code that the package contains. */
  readonly furtherTexts: readonly string[];
}

/** Lay a declaration and the package's licence files side by side. */
export function compareLicence(declared: DeclaredLicence, files: readonly LicenceFile[]): LicenceFacts {
  const inTexts = [...new Set(files.flatMap((file) => file.ids))];
  const named = declared.kind === "file" ? (files.find(({ file }) => sameFile(file, declared.file))?.ids ?? []) : inTexts;
  const fromTexts = named.length === 0 ? null : named.join(" AND ");

  if (declared.kind !== "spdx") {
    const expression = declared.kind === "unlicensed" ? "UNLICENSED" : fromTexts;
    const expressionFrom = declared.kind === "unlicensed" ? "declared" : expression === null ? "nothing" : "texts";
    return { declared, files, expression, expressionFrom, agreement: "undeclared", furtherTexts: [] };
  }

  const parsed = parseSpdx(declared.expression);
  const declaredTexts = new Set(parsed.ok ? licencesIn(parsed.expression).flatMap(({ id }) => textsOf(id)) : []);
  const furtherTexts = inTexts.filter((id) => !declaredTexts.has(textOf(id)));
  const agreement =
    files.length === 0 ? "no-text" : inTexts.length === 0 ? "unrecognised" : furtherTexts.length < inTexts.length ? "agrees" : "differs";
  return { declared, files, expression: declared.expression, expressionFrom: "declared", agreement, furtherTexts };
}

const sameFile = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase().replace(/^\.\//, "");

/** Texts that a package under these licences carries. */
function textsOf(id: string): readonly string[] {
  const text = textOf(id);
  // LGPL 3 is a supplement to GPL 3 and is handed out with it.
  return text === "LGPL-3.0" ? [text, "GPL-3.0"] : [text];
}

/** `GPL-3.0-only`, `GPL-3.0-or-later` and `GPL-3.0` have one text. */
const textOf = (id: string): string => id.replace(/ WITH .*$/, "").replace(/-(?:only|or-later)$/, "");
