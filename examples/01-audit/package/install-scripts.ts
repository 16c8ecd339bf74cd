/** A command that npm runs on the machine of whoever installs the package. */
export interface InstallScript {
  readonly event: string;
  readonly command: string;
}

/** npm runs these for dependencies, in this order. */
const events = ["preinstall", "install", "postinstall"] as const;

/** Journal and report keep this much of a command. */
const commandLength = 300;

/**
 * Commands that run when a package is installed.
 *
 * @param manifest its package.json
 * @param hasGypFile there is a `binding.gyp` at its root: npm then builds it, unless a script says otherwise
 */
export function installScriptsOf(manifest: Readonly<Record<string, unknown>>, hasGypFile: boolean): readonly InstallScript[] {
  const scripts: Readonly<Record<string, unknown>> =
    typeof manifest.scripts === "object" && manifest.scripts !== null ? { ...manifest.scripts } : {};
  const found: InstallScript[] = [];
  for (const event of events) {
    const command = scripts[event];
    if (typeof command === "string" && command.trim() !== "") found.push({ event, command: command.slice(0, commandLength) });
  }
  const builds = hasGypFile && manifest.gypfile !== false && scripts.install === undefined && scripts.preinstall === undefined;
  return builds ? [...found, { event: "install", command: "node-gyp rebuild" }] : found;
}
