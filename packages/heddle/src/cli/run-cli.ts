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
    const [topic] = rest;
    io.out(topic === undefined ? generalHelp(commands, io) : commandHelp(findCommand(topic, commands), io));
    return exitCode.done;
  }
  const command = findCommand(name, commands);
  if (asksForHelp(rest)) {
    io.out(commandHelp(command, io));
    return exitCode.done;
  }
  return await command.run({ ...io, args: rest });
}

function findCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
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
