// What `main.ts` runs, in one import: nearly every command needs the engine, and what is loaded together is packed together.
export { open, openStore } from "../engine/open.ts";
export { realClock } from "../engine/real-clock.ts";
export { commands } from "./command-list.ts";
export { runCli } from "./run-cli.ts";
export { styleFromEnv } from "./text/style.ts";
