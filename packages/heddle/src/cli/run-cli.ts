import { HeddleError } from "@heddle/kernel";
import { type Command, exitCode } from "./command.ts";
import { commandHelp, generalHelp } from "./help.ts";
import type { Io } from "./io.ts";
import { nearestNames, orList } from "./nearest-names.ts";
import { failureOf, reportFailure } from "./report-error.ts";

/**
 * The command line as a function: `io.args` holds all words after the program's name. Every failure is reported here and
 * becomes an exit code; nothing is thrown.
 */
export async function runCli(io: Io, commands: readonly Command[]): Promise<number> {
  try {
    return await dispatch(io, commands);
  } catch (error) {
    const failure = failureOf(error, io);
    reportFailure(failure, io);
    return failure.exitCode;
  }
}

async function dispatch(io: Io, commands: readonly Command[]): Promise<number> {
  const [name, ...rest] = io.args;
  if (name === undefined || name === "--help" || name === "-h") {
    io.out(generalHelp(commands, io));
    return exitCode.done;
  }
  if (name === "--version" || name === "-v") {
    io.out(io.version);
    return exitCode.done;
  }
  if (name === "help") {
    io.out(rest.length === 0 ? generalHelp(commands, io) : commandHelp(findCommand(rest, commands).command, io));
    return exitCode.done;
  }
  const { command, args } = findCommand(io.args, commands);
  if (asksForHelp(args)) {
    io.out(commandHelp(command, io));
    return exitCode.done;
  }
  return await command.run({ ...io, args });
}

/** The command that these words begin with, and what follows it. */
function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly args: readonly string[] } {
  for (const length of [2, 1]) {
    const command = commands.find((each) => each.name === words.slice(0, length).join(" "));
    if (command !== undefined && words.length >= length) return { command, args: words.slice(length) };
  }
  const [name = ""] = words;
  const begun = commands.filter((each) => each.name.startsWith(`${name} `)).map((each) => each.name);
  if (begun.length > 0) throw new HeddleError("USAGE", `"${name}" is no command by itself; there is ${orList(begun)}.`);
  if (name.startsWith("-")) throw new HeddleError("USAGE", `The option ${name} stands before a command; write the command first.`);
  const near = nearestNames(
    name,
    commands.map((each) => each.name),
  );
  const hint = near.length > 0 ? ` Did you mean ${orList(near)}?` : "";
  const file = near.length === 0 && /\.(?:m?[tj]s|json)(?:#|$)/u.test(name) ? ` To run a file: run ${name}.` : "";
  throw new HeddleError("USAGE", `There is no command "${name}".${hint}${file}`);
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}
