import type { Json } from "@heddle/kernel";

// What `checkShape` reads, so that the published schema and the check cannot differ.

const name = {
  type: "string",
  pattern: "^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$",
  description: "a name: 1 to 128 of A-Z a-z 0-9 _ . - : /, the first a letter, digit or _",
};
const positive = { type: "number", exclusiveMinimum: 0, description: "a number above 0" };
const resources = {
  type: "object",
  description: "processors, and memory in MB",
  properties: { cpu: positive, memory: positive },
  additionalProperties: false,
};

const node = {
  type: "object",
  description: "a node: an object with an id",
  properties: {
    id: name,
    type: { enum: ["local", "loadable", "grpc", "http", "wasm"], description: "where the processor is; only local ones exist so far" },
    processor: { type: "string", minLength: 1, description: "name of a processor: a built-in one, or one given in code" },
    endpoint: { type: "string", description: "address, of grpc and http" },
    module: { type: "string", description: "file, of wasm and loadable" },
    depends_on: { type: ["array", "null"], items: { type: "string", description: "the id of a node" }, description: "a list of ids" },
    options: { type: ["object", "null"], description: "options of the processor: an object" },
    intent: { enum: ["transform", "analyze"], description: "transform may replace the payload, analyze only adds metadata" },
    merge: {
      description: "how payloads of several transforms meet here",
      anyOf: [
        { type: "string", enum: ["first", "concatenate", "json_merge"] },
        {
          type: "object",
          properties: {
            type: { enum: ["first", "concatenate", "json_merge", "custom"] },
            separator: { type: "string", description: "text between payloads, of concatenate" },
            conflict: { enum: ["take_first", "take_last", "merge", "error"], description: "for keys that several have, of json_merge" },
            use: { type: "string", minLength: 1, description: "name of a merge given in code, of custom" },
          },
          required: ["type"],
          additionalProperties: false,
        },
      ],
    },
    dag: {
      description: "another DAG in place of a processor: a path or an object",
      anyOf: [
        { type: "string", minLength: 1 },
        { type: "object", $ref: "#" },
      ],
    },
    map: {
      type: "object",
      description: "the processor is called for each entry of the payload",
      properties: {
        max_concurrency: { type: "integer", minimum: 1, description: "entries under way at once" },
        failure: { enum: ["stop", "collect"], description: "what an entry that fails means for the others" },
      },
      additionalProperties: false,
    },
    condition: {
      type: "object",
      description: "the node runs only if it holds: a path with tests, or a predicate given in code",
      properties: {
        use: { type: "string", minLength: 1, description: "name of a predicate given in code" },
        path: {
          type: "string",
          pattern: "^(payload|metadata\\..)",
          description: "payload or metadata.NODE, then keys with dots between them",
        },
        exists: { type: "boolean" },
        equals: { description: "any value" },
        not_equals: { description: "any value" },
        in: { type: "array" },
        greater_than: { type: "number" },
        less_than: { type: "number" },
        matches: { type: "string", description: "a regular expression" },
      },
      additionalProperties: false,
    },
    when_false: {
      enum: ["skip_dependents", "pass"],
      description: "what a condition that does not hold means for what depends on the node",
    },
    timeout: {
      description: "longest time of one attempt: milliseconds, or text such as 30s",
      anyOf: [
        { type: "number", exclusiveMinimum: 0 },
        { type: "string", minLength: 1 },
      ],
    },
    retry: {
      description: "attempts, or a retry policy",
      anyOf: [
        { type: "integer", minimum: 1 },
        {
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
      ],
    },
    priority: { type: "number", description: "higher goes first among what is ready" },
    pool: name,
    resources,
  },
  required: ["id"],
  additionalProperties: false,
};

/** The shape of a DAG as JSON Schema (draft 2020-12), for editors; `heddle/dag.schema.json` holds the same. What needs more than one place to be seen is for `dag.validate`. */
export const dagSchema: { readonly [key: string]: Json } = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:heddle:dag:1",
  title: "Heddle DAG, version 1",
  type: "object",
  description: "a DAG: an object with processors",
  properties: {
    version: { const: 1, description: "version of this format" },
    name,
    strategy: {
      enum: ["work_queue", "level", "reactive", "hybrid", "critical_path"],
      description: "in which order nodes that are ready start",
    },
    failure_strategy: {
      enum: ["fail_fast", "continue_on_error", "best_effort"],
      description: "what a node's failure means for the others",
    },
    executor_options: {
      type: "object",
      description: "an object of limits",
      properties: {
        max_concurrency: { type: "integer", minimum: 0, description: "nodes that run at once" },
        timeout_seconds: { type: "number", exclusiveMinimum: 0, description: "longest time of one attempt of a node" },
        retry_attempts: { type: "integer", minimum: 0, description: "attempts after the first that failed" },
      },
      additionalProperties: false,
    },
    env: {
      type: "array",
      items: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*$", description: "name of a variable" },
      description: "variables that ${NAME} may name",
    },
    input: { description: "payload of runs that are started without one" },
    output: { type: "string", description: "the id of the node whose payload is the run's" },
    pools: {
      type: "object",
      description: "how many nodes of a pool run at once, by its name",
      propertyNames: name,
      additionalProperties: { type: "integer", minimum: 1 },
    },
    resources,
    limits: {
      type: "object",
      description: "an object of limits",
      properties: { nodes: { type: "integer", minimum: 1, description: "nodes that a run may come to have" } },
      additionalProperties: false,
    },
    processors: { type: "array", items: { $ref: "#/$defs/node" }, description: "a list of nodes" },
  },
  required: ["processors"],
  additionalProperties: false,
  $defs: { node },
};
