import type { Command, CommandGroup, Option } from "./command.ts";
import type { Io } from "./io.ts";
import { padEnd, wrapText } from "./text/line.ts";
import { tinted } from "./text/style.ts";

const groups: readonly CommandGroup[] = ["Run", "Look", "Act on a run", "Stores", "Check"];

/** What `heddle` and `heddle --help` print. */
export function generalHelp(commands: readonly Command[], io: Pick<Io, "program" | "version" | "style" | "screen">): string {
  const heading = (text: string): string => tinted(text, "strong", io.style);
  const lines = [`${heading("heddle")} ${io.version}: workflows that finish`, "", `Usage: ${io.program} COMMAND [options]`];
  for (const group of groups) {
    const members = commands.filter((command) => command.group === group);
    if (members.length === 0) continue;
    lines.push(
      "",
      heading(group),
      ...table(
        members.map((command) => [command.name, command.summary]),
        io,
      ),
    );
  }
  lines.push(
    "",
    heading("Examples"),
    `  ${io.program} run flow.ts --input '{"sku":"A1"}'`,
    `  ${io.program} runs`,
    `  ${io.program} answer flow-7f3k --yes`,
    "",
    ...wrapText(
      `${io.program} help COMMAND explains a command. Runs are kept in sqlite:.heddle/heddle.db; --store URL or HEDDLE_STORE names another store.`,
      columns(io),
    ),
  );
  return lines.join("\n");
}

/** What `heddle help COMMAND` prints. */
export function commandHelp(command: Command, io: Pick<Io, "program" | "style" | "screen">): string {
  const heading = (text: string): string => tinted(text, "strong", io.style);
  const lines = [...wrapText(`${command.summary}.`, columns(io)), "", `Usage: ${io.program} ${command.usage}`];
  const options = Object.entries(command.options);
  if (options.length > 0)
    lines.push(
      "",
      heading("Options"),
      ...table(
        options.map(([name, option]) => [optionName(name, option), option.says]),
        io,
      ),
    );
  lines.push(
    "",
    heading("Examples"),
    ...table(
      command.examples.map(([line, meaning]) => [`${io.program} ${line}`, meaning]),
      io,
    ),
  );
  for (const note of command.notes ?? []) lines.push("", ...wrapText(note, columns(io)));
  return lines.join("\n");
}

function optionName(name: string, option: Option): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  return `${short}--${name}${option.type === "boolean" ? "" : ` ${option.value}`}`;
}

// Two columns; where the second would be narrow it stands below the first.
function table(rows: readonly (readonly [string, string])[], io: Pick<Io, "screen">): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  const room = columns(io) - width - 4;
  if (room < 24)
    return rows.flatMap(([name, says]) => [`  ${name}`, ...wrapText(says, Math.max(10, columns(io) - 6)).map((line) => `      ${line}`)]);
  return rows.flatMap(([name, says]) => wrapText(says, room).map((line, index) => `  ${padEnd(index === 0 ? name : "", width)}  ${line}`));
}

function columns(io: Pick<Io, "screen">): number {
  return Math.min(100, io.screen?.columns ?? 100);
}
