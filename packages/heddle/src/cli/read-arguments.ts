import { parseArgs } from "node:util";
import { HeddleError } from "@heddle/kernel";
import type { Command, Option, OptionTable } from "./command.ts";
import type { Io } from "./io.ts";
import { nearestNames, orList } from "./nearest-names.ts";

export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]?: T[K] extends { readonly type: "boolean" }
    ? true
    : T[K] extends { readonly multiple: true }
      ? readonly string[]
      : string;
};

export interface Arguments<T extends OptionTable> {
  readonly values: OptionValues<T>;
  readonly positionals: readonly string[];
}

/**
 * Read a command's options and positionals.
 *
 * @throws HeddleError `USAGE`: an unknown option (naming the nearest), a value that is missing or too much, a wrong number of positionals
 */
export function readArguments<const T extends OptionTable>(
  command: Pick<Command, "name" | "usage">,
  options: T,
  io: Pick<Io, "args">,
  positionals: { readonly least: number; readonly most: number },
): Arguments<T> {
  const parsed = parseArgs({ args: [...io.args], strict: false, allowPositionals: true, tokens: true, options: parseArgsOptions(options) });
  const values: Record<string, true | string | string[]> = {};
  for (const token of parsed.tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(command, token.rawName, Object.keys(options));
    if (option.type === "boolean") {
      if (token.value !== undefined) throw usage(command, `${token.rawName} takes no value, got ${JSON.stringify(token.value)}.`);
      values[token.name] = true;
    } else {
      const missing = token.value === undefined || (!token.inlineValue && /^--./u.test(token.value));
      if (missing) throw usage(command, `${token.rawName} needs a value: ${token.rawName} ${option.value}.`);
      const value = token.value ?? "";
      if (option.multiple === true) values[token.name] = [...((values[token.name] as string[] | undefined) ?? []), value];
      else if (values[token.name] !== undefined) throw usage(command, `${token.rawName} stands twice.`);
      else values[token.name] = value;
    }
  }
  const count = parsed.positionals.length;
  if (count < positionals.least) throw usage(command, `"${command.name}" needs ${missingNames(command.usage, count)}.`);
  if (count > positionals.most)
    throw usage(command, `"${command.name}" does not take ${JSON.stringify(parsed.positionals[positionals.most])}.`);
  return { values: values as OptionValues<T>, positionals: parsed.positionals };
}

/** A whole number from an option. @throws HeddleError `USAGE` */
export function readCount(
  command: Pick<Command, "name" | "usage">,
  name: string,
  text: string | undefined,
  least: number,
): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!/^\d+$/u.test(text) || !Number.isSafeInteger(count) || count < least) {
    throw usage(command, `${name} needs a whole number from ${least}, got ${JSON.stringify(text)}.`);
  }
  return count;
}

/** `KEY=VALUE`, split at the first `=`. @throws HeddleError `USAGE` */
export function readPair(command: Pick<Command, "name" | "usage">, name: string, text: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw usage(command, `${name} needs KEY=VALUE, got ${JSON.stringify(text)}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The command line cannot be read; people are shown how it is written. */
export function usage(command: Pick<Command, "name" | "usage">, message: string): HeddleError {
  return new HeddleError("USAGE", message, { data: { command: command.name, usage: command.usage } });
}

function parseArgsOptions(options: OptionTable): Record<string, { type: "boolean" | "string"; short?: string; multiple: true }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]: [string, Option]) => [
      name,
      { type: option.type, multiple: true as const, ...(option.short === undefined ? {} : { short: option.short }) },
    ]),
  );
}

function unknownOption(command: Pick<Command, "name" | "usage">, raw: string, known: readonly string[]): HeddleError {
  const near = nearestNames(raw.replace(/^-+/u, ""), known);
  const hint = near.length === 0 ? "" : ` Did you mean ${orList(near.map((name) => `--${name}`))}?`;
  return usage(command, `"${command.name}" has no option ${raw}.${hint}`);
}

// `answer RUN [QUESTION]` with nothing given: `RUN`.
function missingNames(line: string, given: number): string {
  const names = line
    .replace(/\[[^\]]*\]/gu, "")
    .split(" ")
    .slice(1)
    .filter((name) => /^[A-Z]/u.test(name));
  return names.slice(given).join(" and ") || "more";
}
