import { AsyncLocalStorage } from "node:async_hooks";
import type { TaskFrame } from "./task-frame.ts";

/** The frame whose step is running here: its `ctx` may not be used inside. */
export const stepScope: AsyncLocalStorage<TaskFrame> = new AsyncLocalStorage();

/** The frame whose workflow code is running here, in strict mode; `null` inside its steps. */
export const workflowScope: AsyncLocalStorage<TaskFrame | null> = new AsyncLocalStorage();
