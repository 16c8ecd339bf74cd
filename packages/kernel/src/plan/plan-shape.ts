import type { Json } from "../value/json.ts";
import { retryPolicyFaults } from "../retry/validate-retry-policy.ts";
import {
  anyText,
  byField,
  byKey,
  described,
  distinct,
  json,
  listOf,
  named,
  number,
  object,
  oneOf,
  recordOf,
  type Shape,
  such,
  text,
  whole,
} from "./shape.ts";

// The shape of a Plan (./plan.ts), as the JSON Schema and the validator both read it.

const defs: Record<string, Json> = {};

const idWords = "A name: a letter, digit or _ first; then also . - : and /; at most 128 characters.";
const id = named(
  "id",
  idWords,
  text(
    /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/,
    "a name: 1 to 128 of A-Z a-z 0-9 _ . - : /, the first a letter, digit or _, and not __proto__",
    "id",
    ["__proto__"],
  ),
  defs,
);

const anyJson = json();
const jsonSchema = json(
  { type: ["object", "boolean"] },
  (value) => typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value)),
  "a JSON Schema: an object or a boolean",
);
const failure = oneOf("stop", "drain");

const ref = named("ref", "A registered piece of code by name, with its configuration.", object({ use: id }, { with: anyJson }), defs);

const edge = named(
  "edge",
  "A token from a task that has ended.",
  object(
    { from: id, on: oneOf("ok", "failed", "skipped", "ended", "drained") },
    { label: described("Only if the task took this route. Only with ok.", id) },
  ),
  defs,
);

const join = such(
  { oneOf: [{ enum: ["all", "any"] }, { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER }] },
  (value) => value === "all" || value === "any" || (Number.isSafeInteger(value) && (value as number) >= 1),
  '"all", "any" or a whole number, 1 or more',
);

const controlTrigger = named(
  "controlTrigger",
  "Fires on the ends of other tasks of the same group; without edges, when its frame opens.",
  object(
    {
      id,
      after: listOf(edge),
      join: described("all: one token per edge. any: each token. A number k: once per frame, at the k-th token.", join),
      untaken: described(
        "Tokens of edges that were not taken: wait ignores them, skip counts them and may skip the task.",
        oneOf("skip", "wait"),
      ),
    },
    { idle: described("Once satisfied, waits until nothing else is due in its frame.", oneOf(true)) },
  ),
  defs,
);

const slot = named(
  "slot",
  "Artifacts of one type that a data trigger waits for.",
  object({ slot: whole(0), type: id, count: whole(1) }, { where: ref, key: ref }),
  defs,
);

const dataTrigger = named(
  "dataTrigger",
  "Fires when published artifacts fill all its slots. Only on tasks outside groups.",
  object(
    { id, on: listOf(slot, 1), by: described("What artifacts must share to meet.", distinct(listOf(oneOf("tenant", "corr", "key")))) },
    {
      within: described("When a half-full gate is dropped.", object({}, { ms: number(0), count: whole(1) }, "ms or count")),
      batch: described(
        "Collect instead: fire at size, or ms after the first. Only with one slot.",
        object({}, { size: whole(1), ms: number(0) }, "size or ms"),
      ),
    },
  ),
  defs,
);

const schedule = byKey({
  atMs: object({ atMs: number() }),
  afterMs: object({ afterMs: number(0) }),
  everyMs: object({ everyMs: whole(1) }, { times: whole(1) }),
});

const timeTrigger = named(
  "timeTrigger",
  "Fires by the clock. Only on tasks outside groups. atMs is since the epoch, the others since the run started.",
  object({ id, at: schedule }),
  defs,
);

const retry: Shape = {
  schema: {
    type: "object",
    properties: {
      attempts: { type: "integer", minimum: 1 },
      initialMs: { type: "number", minimum: 0 },
      factor: { type: "number", minimum: 1 },
      maxMs: { type: "number", minimum: 0 },
      jitter: { enum: ["full", "none"] },
      only: { type: "array", items: { type: "string", minLength: 1 } },
      except: { type: "array", items: { type: "string", minLength: 1 } },
      totalMs: { type: "number", minimum: 0 },
    },
    additionalProperties: false,
  },
  check(value, faults) {
    for (const { field, message, mend } of retryPolicyFaults(value)) faults.add("retry-policy", message, mend, field);
  },
};

const policy = named(
  "policy",
  "How a task is tried, timed and repeated.",
  object(
    {},
    {
      retry: named("retryPolicy", "When to try again after a failed attempt; times in milliseconds.", retry, defs),
      attemptTimeoutMs: described("Longest time of one attempt.", positive()),
      timeoutMs: described("Longest time over all attempts and waits.", positive()),
      priority: described("Higher goes first among what is due. Default 0.", number()),
      effect: described("at-most-once: never started again after a crash.", oneOf("at-least-once", "at-most-once")),
    },
  ),
  defs,
);

const does = byKey({
  use: ref,
  plan: named("subPlan", "A child run of a registered workflow.", object({ plan: id }, { version: anyText() }), defs),
  group: named("group", "A task made of member tasks, judged by a policy.", object({ group: listOf(id), policy: ref }, { failure }), defs),
});

const lead = named(
  "lead",
  "sends: it spawns that task. goes: it starts that task by a verb. ends: nothing comes after it.",
  byKey({
    sends: object({ sends: id }, { label: anyText() }),
    goes: object({ goes: id }, { label: anyText() }),
    ends: object({ ends: oneOf(true) }, { label: anyText() }),
  }),
  defs,
);

const task = named(
  "task",
  "A piece of work and what starts it.",
  object(
    {
      does,
      when: described(
        "Empty: only the verbs next, goto and spawn start it.",
        listOf(byKey({ after: controlTrigger, on: dataTrigger, at: timeTrigger })),
      ),
    },
    {
      writes: described("Channels that it writes. Absent: it may write any.", listOf(id)),
      input: jsonSchema,
      output: jsonSchema,
      policy,
      title: described("For people and diagrams.", anyText()),
      leads: described("Where its verbs may lead besides its edges: for diagrams alone.", listOf(lead)),
    },
  ),
  defs,
);

const list = json({ type: "array" }, Array.isArray, "a list");
const kind = (value: string) => ({ kind: oneOf(value) });
const channel = named(
  "channel",
  "State that tasks write: one value, a list, a sum, an object by keys, a list of objects by key, a fold by user code, or a log of artifacts.",
  byField("kind", {
    value: object(kind("value"), { initial: anyJson }),
    last: object(kind("last"), { initial: anyJson }),
    ephemeral: described("Only in superstep plans.", object(kind("ephemeral"), { initial: anyJson })),
    append: object(kind("append"), { initial: list }),
    sum: object(kind("sum"), { initial: number() }),
    put: object(kind("put"), {
      initial: json({ type: "object" }, (value) => typeof value === "object" && value !== null && !Array.isArray(value), "an object"),
    }),
    keyed: object(
      { ...kind("keyed"), key: described("Field in which the objects differ: a text or a number.", anyText()) },
      { initial: list },
    ),
    fold: object({ ...kind("fold"), reducer: ref }, { initial: anyJson }),
    log: object({ ...kind("log"), type: id }),
  }),
  defs,
);

/** A whole Plan. */
export const planShape: Shape = object(
  {
    heddle: described("Version of the Plan format.", oneOf(1)),
    name: id,
    discipline: described(
      "eager: a task starts as soon as its trigger fires. superstep: tasks run in rounds.",
      oneOf("eager", "superstep"),
    ),
    tasks: described("By id. The order counts.", recordOf(id, task)),
  },
  {
    channels: recordOf(id, channel),
    output: described(
      "What the run returns. Absent: the values of the tasks without successors.",
      byKey({ task: object({ task: id }), channels: object({ channels: listOf(id) }) }),
    ),
    failure: described(
      "What a failure that nothing catches does: stop (default) cancels the rest, drain lets it go on; both end the run failed. keep lets it go on, and the run ends completed.",
      oneOf("stop", "drain", "keep"),
    ),
    limits: object(
      {},
      {
        activations: whole(1),
        rounds: described("Only of superstep plans.", whole(1)),
        tasks: described("Most tasks that amendments may bring it to. Default 100000.", whole(1)),
      },
    ),
  },
);

export const planDefs: { readonly [key: string]: Json } = defs;

function positive(): Shape {
  return such(
    { type: "number", exclusiveMinimum: 0 },
    (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
    "a number above 0",
  );
}
