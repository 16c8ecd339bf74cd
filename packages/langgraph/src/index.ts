// A checkpointer for LangGraph.js.
export { HeddleSaver, type HeddleSaverOptions } from "./heddle-saver.ts";
export { hasCode, HeddleError, type ErrorCode } from "@heddle/kernel";
