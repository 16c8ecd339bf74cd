import type { Command } from "./command.ts";
import { answer } from "./commands/answer.ts";
import { cancel } from "./commands/cancel.ts";
import { compare } from "./commands/compare.ts";
import { dead } from "./commands/dead.ts";
import { doctor } from "./commands/doctor.ts";
import { events } from "./commands/events.ts";
import { fork } from "./commands/fork.ts";
import { graph } from "./commands/graph.ts";
import { inspect } from "./commands/inspect.ts";
import { nodes } from "./commands/nodes.ts";
import { pause } from "./commands/pause.ts";
import { resume } from "./commands/resume.ts";
import { retry } from "./commands/retry.ts";
import { run } from "./commands/run.ts";
import { runs } from "./commands/runs.ts";
import { show } from "./commands/show.ts";
import { signal } from "./commands/signal.ts";
import { storeCopy } from "./commands/store-copy.ts";
import { validate } from "./commands/validate.ts";
import { worker } from "./commands/worker.ts";

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [
  run,
  worker,
  runs,
  show,
  events,
  dead,
  nodes,
  answer,
  signal,
  cancel,
  pause,
  resume,
  retry,
  fork,
  storeCopy,
  validate,
  graph,
  inspect,
  compare,
  doctor,
];
