import type { CommitBatch, CommitVerdict, CreateVerdict, ErrorValue, MessageVerdict, PartVerdict, RunId, RunPart } from "@heddle/kernel";
import type pg from "pg";
import { type CreateAnswer, createJson, createVerdict, messageJson, type PartAnswer, partJson, partVerdict } from "./commit-call.ts";
import { faultOf, stateOf } from "./fault.ts";
import type { KnownRuns } from "./known-runs.ts";

type Rows = readonly (readonly Record<string, unknown>[])[];

/** Commands that would end or change the transaction around them, or the session. */
const leading = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/u;
const notForGuests =
  /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare|set|reset|discard|listen|unlisten|notify|lock|copy)\b/iu;

/** One batch piece by piece in a transaction, a savepoint around each part: for parts with the user's statements, and to find the one that fails. */
export class CarefulCommit {
  readonly #client: pg.Client;
  readonly #s: string;
  readonly #batch: CommitBatch;
  readonly #known: KnownRuns;
  readonly #nowMs: number;
  readonly #hint: string | null;
  /** Runs that ended and that somebody waits for. */
  readonly awaited: RunId[] = [];

  constructor(client: pg.Client, s: string, batch: CommitBatch, known: KnownRuns, nowMs: number, hint: string | null) {
    this.#client = client;
    this.#s = s;
    this.#batch = batch;
    this.#known = known;
    this.#nowMs = nowMs;
    this.#hint = hint;
  }

  async run(): Promise<CommitVerdict> {
    const { creates = [], parts = [], messages = [] } = this.#batch;
    await this.#client.query("BEGIN");
    try {
      const lock = JSON.stringify({
        creates: creates.map(createJson),
        parts: parts.map((part) => partJson(part, this.#known)),
        messages: messages.map(messageJson),
      });
      await this.#client.query(`SELECT ${this.#s}.lock_for($1, NULL)`, [lock]);
      const made: CreateAnswer[] = [];
      for (const run of creates) made.push(await this.#ask<CreateAnswer>("create_run($1)", [JSON.stringify(createJson(run))]));
      const appended: { readonly answer: PartAnswer; readonly rows: Rows | undefined; readonly error?: ErrorValue }[] = [];
      for (const part of parts) appended.push(await this.#part(part));
      const kept: MessageVerdict[] = [];
      for (const message of messages)
        kept.push({
          status: await this.#ask<MessageVerdict["status"]>("keep_message($1, $2)", [JSON.stringify(messageJson(message)), this.#nowMs]),
        });
      if (this.#hint !== null) await this.#client.query(`SELECT pg_notify($1, $2)`, [`heddle_${this.#s.slice(1, -1)}`, this.#hint]);
      await this.#client.query("COMMIT");
      return {
        creates: made.map((answer, index): CreateVerdict => createVerdict(creates[index]!, answer, this.#known)),
        parts: appended.map(({ answer, rows, error }, index): PartVerdict => {
          if (error !== undefined) {
            this.#known.forget(parts[index]!.runId);
            return { status: "failed", error };
          }
          const verdict = partVerdict(parts[index]!, answer, this.#known);
          return verdict.status === "ok" && rows !== undefined ? { ...verdict, rows } : verdict;
        }),
        messages: kept,
      };
    } catch (error) {
      this.#known.forgetAll();
      await this.#client.query("ROLLBACK").catch(() => {});
      throw error;
    }
  }

  async #part(part: RunPart): Promise<{ readonly answer: PartAnswer; readonly rows: Rows | undefined; readonly error?: ErrorValue }> {
    await this.#client.query("SAVEPOINT part");
    try {
      const answer = await this.#ask<PartAnswer>("append_part($1, $2)", [JSON.stringify(partJson(part, this.#known)), this.#nowMs]);
      if (answer.status === "ok" && answer.awaited === true) this.awaited.push(part.runId);
      const rows = answer.status === "ok" && part.statements !== undefined ? await this.#statements(part.statements) : undefined;
      await this.#client.query("RELEASE part");
      return { answer, rows };
    } catch (error) {
      if (faultOf(error) !== "ordinary" && !(error instanceof Refused)) throw error;
      await this.#client.query("ROLLBACK TO part");
      return { answer: { status: "stale" }, rows: undefined, error: errorValue(part, error) };
    }
  }

  async #statements(statements: NonNullable<RunPart["statements"]>): Promise<Rows> {
    const rows: (readonly Record<string, unknown>[])[] = [];
    await this.#client.query("SET LOCAL heddle.guest = 'on'");
    for (const { sql, parameters = [] } of statements) {
      const text = sql.replace(leading, "");
      if (text === "") throw new Refused("a statement is empty");
      const command = notForGuests.exec(text)?.[1];
      if (command !== undefined) throw new Refused(`${command.toUpperCase()} is not for a statement of a transaction`);
      // The long protocol takes one statement, and no more.
      const query = { text, values: parameters.map(sendable), queryMode: "extended" };
      rows.push((await this.#client.query<Record<string, unknown>>(query)).rows);
    }
    // What is checked at the end of a transaction is checked now: so it fails this part, and not all of them.
    await this.#client.query("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; SET LOCAL heddle.guest = 'off'");
    return rows;
  }

  async #ask<T>(call: string, values: unknown[]): Promise<T> {
    const { rows } = await this.#client.query<{ answer: T }>(`SELECT ${this.#s}.${call} AS answer`, values);
    return rows[0]!.answer;
  }
}

class Refused extends Error {}

function sendable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === "bigint") return String(value);
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new Refused(`a parameter is a ${typeof value}, and must be null, a number, a BigInt, a text or bytes`);
}

function errorValue(part: RunPart, error: unknown): ErrorValue {
  const cause = error instanceof Error ? error.message : String(error);
  const sql = part.statements?.[0]?.sql ?? "";
  return {
    name: "HeddleError",
    code: "TRANSACTION_FAILED",
    message: `A part of run ${part.runId} could not be committed: ${cause}`,
    data: { runId: part.runId, sql, postgres: stateOf(error) },
  };
}
