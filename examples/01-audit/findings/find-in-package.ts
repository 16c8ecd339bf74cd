import type { PackageFacts } from "../package/package-facts.ts";
import type { Finding, FindingKind } from "./finding.ts";
import { formatBytes } from "./format-bytes.ts";

type Found = Pick<Finding, "kind" | "title" | "details" | "advice"> & { readonly licence?: string };

/**
 * What there is to say about one installed place. The licence comes always, even when nothing is wrong with it:
 * only a policy can tell.
 *
 * @param options.packageBytes a package larger than this is a finding
 * @param options.node version that `engines` was held against
 */
export function findInPackage(facts: PackageFacts, options: { readonly packageBytes: number; readonly node: string }): readonly Finding[] {
  const found = [...findLicence(facts), ...findRisks(facts), ...findState(facts, options)];
  return found.map(({ licence = null, ...rest }) => ({
    ...rest,
    licence,
    id: findingId(rest.kind, facts.name, facts.version, licence),
    package: facts.name,
    version: facts.version,
    paths: [facts.path],
    dev: facts.dev,
    requiredBy: facts.requiredBy,
  }));
}

/** Stable over runs and machines, unique for what a person would decide once. */
export function findingId(kind: FindingKind, name: string, version: string, subject: string | null): string {
  return `${kind}:${name}@${version}${subject === null ? "" : `:${subject}`}`;
}

function* findLicence({ licence, presence, alias }: PackageFacts): Generator<Found> {
  const { declared, expression } = licence;
  const files = licence.files.map(({ file, ids }) => `${file}: ${ids.length === 0 ? "text not recognised" : ids.join(", ")}`);
  const written = declared.kind === "none" ? "package.json names no licence" : `package.json says ${declared.written}`;

  if (expression !== null) {
    yield {
      kind: "licence",
      licence: expression,
      title: expression === "UNLICENSED" ? "UNLICENSED: all rights are reserved" : `Licensed under ${expression}`,
      details: [
        ...(declared.kind === "spdx" && !declared.fixed ? [] : [written]),
        ...files,
        ...(alias === null ? [] : [`Installed as ${alias}`]),
      ],
      advice: "Replace the package, ask its author for other terms, or have someone who may decide accept the licence.",
    };
  } else {
    yield {
      kind: "licence-unknown",
      title: "Nothing says under which licence it may be used",
      details: [written, ...(files.length === 0 ? ["It has no licence file"] : files)],
      advice: "Look at the package's repository, ask its author, or replace it: without a licence nobody may use it.",
    };
  }
  if (declared.kind === "unreadable" || (declared.kind === "spdx" && declared.fixed)) {
    const meant =
      declared.kind === "spdx" ? `; read as ${declared.expression}` : expression === null ? "" : `; its texts say ${expression}`;
    yield {
      kind: "licence-unreadable",
      title: `The licence is written as ${declared.written}${meant}`,
      details: declared.kind === "unreadable" ? [`Not an SPDX expression: ${declared.fault}`] : ["Not how SPDX writes it"],
      advice: "Nothing to do where the reading is right. Its author may be glad of a pull request.",
    };
  }
  if (licence.agreement === "differs") {
    yield {
      kind: "licence-differs",
      licence: licence.expression ?? "",
      title: `It declares ${licence.expression}, and its files hold ${licence.furtherTexts.join(", ")}`,
      details: files,
      advice: "Find out which one holds: the text in the package usually counts for more than a field in package.json.",
    };
  } else if (licence.furtherTexts.length > 0) {
    yield {
      kind: "further-licence-texts",
      title: `Its files hold further licences: ${licence.furtherTexts.join(", ")}`,
      details: files,
      advice: "The package contains work of others. Hand their notices on with yours when you ship it.",
    };
  }
  if (presence !== "left-out" && presence !== "missing" && presence !== "unreadable" && licence.files.length === 0 && expression !== null) {
    yield {
      kind: "licence-text-missing",
      title: "It comes without the text of its licence",
      details: [written],
      advice: "Most licences ask that their text goes along with the code: take it from the package's repository when you ship it.",
    };
  }
}

function* findRisks({ installScripts, measure, source, integrity, bundled, deprecated }: PackageFacts): Generator<Found> {
  if (installScripts.length > 0) {
    yield {
      kind: "install-script",
      title: `It runs ${installScripts.map(({ event }) => event).join(" and ")} when it is installed`,
      details: installScripts.map(({ event, command }) => `${event}: ${command}`),
      advice:
        "Read what it does. If the package works without it, install with `--ignore-scripts`; else name it under `installScripts.allowed`.",
    };
  }
  if (measure !== null && measure.nativeCount > 0) {
    const more = measure.nativeCount - measure.native.length;
    yield {
      kind: "native-binary",
      title: measure.nativeCount === 1 ? "It contains machine code" : `It contains ${measure.nativeCount} files of machine code`,
      details: [
        ...measure.native.map(({ file, format, bytes }) => `${file}: ${format}, ${formatBytes(bytes)}`),
        ...(more > 0 ? [`and ${more} more`] : []),
      ],
      advice: "Nobody reviews it in a diff. Know where it was built, and that it fits the machines that you ship to.",
    };
  }
  // A link outside the registry is a choice of the project; an archive inside another package has no address of its own.
  if (source !== "registry" && !bundled) {
    yield {
      kind: "not-registry",
      title: {
        git: "It comes from a git repository",
        url: "It comes from an address of its own",
        file: "It comes from a file",
        unknown: "The lockfile does not say where it comes from",
      }[source],
      details: [],
      advice: "Such a source can vanish or change without a version. Publish it to a registry, or pin it to a commit.",
    };
  }
  if (source === "registry" && !integrity && !bundled) {
    yield {
      kind: "no-integrity",
      title: "The lockfile has no checksum of it",
      details: [],
      advice: "Run `npm install` with a current npm: it adds what is missing.",
    };
  }
  if (deprecated !== null) {
    yield {
      kind: "deprecated",
      title: "It is deprecated",
      details: [deprecated === "" ? "Its author gives no reason" : deprecated],
      advice: "Follow the author's advice, or ask those who require it to.",
    };
  }
}

function* findState(
  { presence, installedVersion, version, fault, fitsNode, engines, measure }: PackageFacts,
  { packageBytes, node }: { readonly packageBytes: number; readonly node: string },
): Generator<Found> {
  if (presence === "other-version") {
    yield {
      kind: "other-version",
      title: `Version ${installedVersion === "" ? "(none)" : installedVersion} is installed, and the lockfile says ${version}`,
      details: [],
      advice: "Run `npm ci`. If it stays so, something changes the package after it is installed.",
    };
  }
  if (presence === "unreadable") {
    yield { kind: "unreadable", title: "It could not be read", details: [fault ?? ""], advice: "Run `npm ci` to install it anew." };
  }
  if (fitsNode === false && presence !== "left-out") {
    yield {
      kind: "engines",
      title: `It asks for Node ${engines}, and this is Node ${node}`,
      details: [],
      advice: "Update the package, or run it on a Node that it supports.",
    };
  }
  if (measure !== null && measure.bytes > packageBytes) {
    yield {
      kind: "large-package",
      title: `It takes ${formatBytes(measure.bytes)}`,
      details: [`${measure.files} files`, `The policy's limit is ${formatBytes(packageBytes)}`],
      advice: "Look for a smaller one, or keep it out of what you ship.",
    };
  }
}
