import { execFile, execFileSync } from "node:child_process";

/** Run a command to its end. Returns what it wrote. @throws when it fails */
export function runProcess([command = "", ...parameters]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, parameters, { timeout: 60_000, killSignal: "SIGKILL" }, (error, output, errors) => {
      if (error === null) resolve(output);
      else reject(new Error(`${command} failed: ${errors}`, { cause: error }));
    });
  });
}

export function canRun([command = "", ...parameters]: readonly string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
