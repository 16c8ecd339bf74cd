// A checkpointer for LangGraph.js.
export { HeddleSaver, type HeddleSaverOptions } from "./heddle-saver.ts";
// Graphs of LangGraph.js as Heddle's own.
export { importGraph, type Import, type ImportedGraph, type ImportOptions, type ImportProblem } from "./import/import-graph.ts";
export { hasCode, HeddleError, type ErrorCode } from "@heddle/kernel";
