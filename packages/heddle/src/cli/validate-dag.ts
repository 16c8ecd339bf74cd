import { dag } from "../dag/dag.ts";
import { placeOf } from "../dag/config/dag-fault.ts";
import { exitCode } from "./command.ts";
import type { Io } from "./io.ts";
import { tinted } from "./text/style.ts";
import { printable } from "./text/text-width.ts";

/** Prints what is wrong with a DAG file, and what may be; gives the exit code. */
export async function validateDag(
  { path, source }: { readonly path: string; readonly source: string },
  json: boolean,
  io: Io,
): Promise<number> {
  const { faults, warnings } = await dag.checkFile(path, { source, env: io.env });
  const done = faults.length === 0 ? exitCode.done : exitCode.failed;
  if (json) {
    for (const fault of faults) io.out(JSON.stringify(fault));
    for (const warning of warnings) io.out(JSON.stringify({ type: "warning", ...warning }));
    io.out(JSON.stringify({ type: "result", source, status: faults.length === 0 ? "valid" : "invalid", faults: faults.length }));
    return done;
  }
  if (faults.length === 0) {
    const { levels, nodes } = (await dag.load(path, { source, env: io.env })).analyze();
    io.out(
      `${tinted(io.style.glyphs.done, "good", io.style)} ${source}: a DAG of ${counted(nodes, "node")} in ${counted(levels.length, "level")}`,
    );
  } else {
    io.out(`${tinted(io.style.glyphs.failed, "bad", io.style)} ${source} has ${counted(faults.length, "fault")}:`);
    for (const fault of faults) {
      const { message, mend } = fault;
      const place = tinted(placeOf(source, fault), "strong", io.style);
      io.out(`  ${place}\n    ${printable(message)} ${tinted(printable(mend), "dim", io.style)}`);
    }
  }
  for (const { path, message } of warnings) io.out(`  ${tinted(`warning ${path}`, "warn", io.style)}\n    ${printable(message)}`);
  return done;
}

export function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
