import type { Schema } from "heddle";
import { findShapeFaults, type JsonShape } from "./policy/json-shape.ts";
import { isDay } from "./policy/policy.ts";

/** What a run may be told. All of it has a default. */
export interface AuditInput {
  /** Folder of an npm project, or its lockfile; relative to where the run was started. Default: the project that this file is in. */
  readonly project?: string;
  /** Policy file. Default: `default-policy.json` beside this file. */
  readonly policy?: string;
  /** Folder for audit.html and audit.json. Default: `audit-report`. */
  readonly out?: string;
  /** Day that exceptions are held against and that the report bears, `YYYY-MM-DD`. Default: the day on which the run began, in UTC. */
  readonly date?: string;
  /** Ask nobody: what the policy would ask about counts as refused. For CI. Default false. */
  readonly unattended?: boolean;
  /** End the run as failed when the verdict is `fail`, after the report is written: a command line then ends with 1. Default false. */
  readonly enforce?: boolean;
  /** How long people have for an answer, such as `"2d"`. What nobody answers counts as refused. Default: as long as it takes. */
  readonly answerWithin?: string | number;
}

const shape: JsonShape = {
  type: "object",
  additionalProperties: false,
  properties: {
    project: { type: "string", minLength: 1 },
    policy: { type: "string", minLength: 1 },
    out: { type: "string", minLength: 1 },
    date: { type: "string" },
    unattended: { type: "boolean" },
    enforce: { type: "boolean" },
    answerWithin: {},
  },
};

/** Standard Schema by hand: a validation library would do as well, and would be a dependency. */
export const auditInput: Schema<unknown, AuditInput> = {
  "~standard": {
    version: 1,
    vendor: "heddle-example",
    validate: (given) => {
      // `npm start` without input gives none.
      const value = given ?? {};
      const issues = findShapeFaults(shape, value).map(({ path, expected, got }) => ({
        message: `expected ${expected}, got ${got}`,
        path,
      }));
      if (issues.length > 0) return { issues };
      const input = value as AuditInput;
      return input.date === undefined || isDay(input.date)
        ? { value: input }
        : { issues: [{ message: `expected a day as YYYY-MM-DD, got ${JSON.stringify(input.date)}`, path: ["date"] }] };
    },
  },
};
