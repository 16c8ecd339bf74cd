import { decodeValue, encodeValue, HeddleError, type RunRow } from "@heddle/kernel";
import type { Definition } from "../definition.ts";
import type { AnswerInput } from "../engine.ts";
import { writesOf } from "./channel-writes.ts";
import { EventStream } from "../event-stream.ts";
import { checkAnswer, type AskedQuestion } from "../frame/question.ts";
import { hasEnded } from "../has-ended.ts";
import { answerSignal, mailText, type Mail } from "../mail.ts";
import { checkInputSize } from "../new-run.ts";
import type { NodeHost } from "../node-host.ts";
import { isStopOf } from "../run/interrupts.ts";
import { openQuestions } from "../open-questions.ts";
import { projectRun } from "../project-run.ts";

/** Sends to runs, wherever they are: signals, answers, updates, and requests to cancel, pause and go on. */
export class MailSender {
  readonly #host: NodeHost;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  async signal(runId: string, name: string, value: unknown, id: string | undefined): Promise<void> {
    await this.send(runId, signalMail(name, value, this.#host.maxValueBytes), id);
  }

  async answer(runId: string, question: string, answer: AnswerInput): Promise<void> {
    const { state, reader } = this.#host;
    state.assertOpen();
    const row = await reader.row(runId);
    const view = projectRun(row, await reader.events(runId), undefined);
    const open = view.waits.filter(({ kind }) => kind === "ask");
    const asked = open.find(({ id }) => id === question);
    if (asked === undefined) {
      const below = (await openQuestions(this.#host, runId)).filter((each) => each.runId !== runId && each.id === question);
      if (below.length === 1 && below[0] !== undefined) return this.answer(below[0].runId, question, answer);
      if (below.length > 1)
        throw new HeddleError(
          "QUESTION_UNKNOWN",
          `Several runs that ${runId} waits for ask "${question}": answer one of ${below.map((each) => each.runId).join(", ")}.`,
          { data: { runId, question } },
        );
      const operation = view.tasks.flatMap(({ operations }) => operations).find(({ id, op }) => op === "ask" && id === question);
      if (operation !== undefined || hasEnded(row)) {
        throw new HeddleError(
          "QUESTION_CLOSED",
          `Question "${question}" of run ${runId} is closed: it was answered, or nobody waits for it any more.`,
          { data: { runId, question } },
        );
      }
      // Where a run stops it is asked then, and not before.
      const stops = this.#host.registry.find(row.workflow, row.version)?.interrupts ?? null;
      const isStop = stops !== null && [...stops.before.values(), ...stops.after.values()].some((called) => isStopOf(called, question));
      if (open.length > 0 || row.status === "waiting" || isStop) {
        const names = open.map(({ id }) => id).join(", ");
        throw new HeddleError(
          "QUESTION_UNKNOWN",
          `Run ${runId} has no open question "${question}"${names === "" ? "" : `; it asks ${names}`}.`,
          { data: { runId, question } },
        );
      }
    } else checkAnswer(question, asked.question as AskedQuestion, answer);
    const name = answerSignal(question);
    const value = encodeValue(answer, { what: `the answer to "${question}"` });
    // Where a run was stopped, an answer may change its channels before it goes on.
    const update = (asked?.question as AskedQuestion | undefined)?.kind === "interrupt" ? answer.value : undefined;
    const writes =
      update === undefined
        ? null
        : { writes: await writesOf(runId, this.#definitionOf(row), update as Record<string, unknown>, this.#host.maxValueBytes) };
    await this.send(runId, { type: "signal", name, value, ...writes }, undefined);
  }

  async write(runId: string, values: Readonly<Record<string, unknown>>, id: string | undefined): Promise<void> {
    const { state, reader, maxValueBytes } = this.#host;
    state.assertOpen();
    const row = await reader.row(runId);
    if (Object.keys(values).length === 0) return;
    const definition = this.#definitionOf(row);
    await this.send(runId, { type: "write", writes: await writesOf(runId, definition, values, maxValueBytes) }, id);
  }

  #definitionOf({ runId, workflow, version }: RunRow): Definition {
    const definition = this.#host.registry.find(workflow, version);
    if (definition !== undefined) return definition;
    throw new HeddleError(
      "WORKFLOW_UNKNOWN",
      `No workflow "${workflow}" is registered here, so that the channels of run ${runId} are not known: pass it to open(…, { workflows: […] }).`,
      { data: { runId, workflow } },
    );
  }

  async cancel(runId: string, reason: string | undefined): Promise<void> {
    const { state, reader, store, clock } = this.#host;
    state.assertOpen();
    const row = await reader.row(runId);
    if (row.status === "paused") await store.setStatus(runId, ["paused"], "queued", clock.nowMs(), null);
    await this.send(runId, { type: "cancel", ...(reason === undefined ? null : { reason }) }, undefined);
  }

  async pause(runId: string, reason: string | undefined): Promise<void> {
    const { state, reader } = this.#host;
    state.assertOpen();
    await reader.row(runId);
    await this.send(runId, { type: "pause", ...(reason === undefined ? null : { reason }) }, undefined);
  }

  async resume(runId: string, { accept }: { readonly accept?: boolean }): Promise<void> {
    const { state, reader, store, clock, hints } = this.#host;
    state.assertOpen();
    const row = await reader.row(runId);
    if (row.status !== "paused") {
      throw new HeddleError(
        hasEnded(row) ? "RUN_ENDED" : "RUN_NOT_ENDED",
        `Run ${runId} is ${row.status}, not paused: there is nothing to resume.`,
        {
          data: { runId, status: row.status },
        },
      );
    }
    await this.send(runId, { type: "resume", ...(accept === true ? { accept: true } : null) }, undefined);
    await store.setStatus(runId, ["paused"], "queued", clock.nowMs(), null);
    hints.stir([runId]);
  }

  /** Send a request, and wait for the reply that the function's handler gives. */
  async update<O>(runId: string, name: string, input: unknown, givenId: string | undefined): Promise<O> {
    const { state, reader, random, store } = this.#host;
    const id = givenId ?? random.id();
    state.assertOpen();
    await reader.row(runId);
    // The reply to a new request comes later than everything that is there now.
    const from = givenId === undefined ? ((await store.readSnapshot(runId))?.seq ?? 0) : 0;
    await this.send(
      runId,
      { type: "update", name, ...(input === undefined ? null : { input: encodeValue(input, { what: `the input of update "${name}"` }) }) },
      id,
    );
    for await (const event of new EventStream(this.#host, runId, from, true, undefined)) {
      if (event.type === "op-ended" && event.key === `update:${id}`) {
        if (event.outcome.status === "completed")
          return (event.outcome.value === undefined ? undefined : decodeValue(event.outcome.value)) as O;
        const error = "error" in event.outcome ? event.outcome.error : undefined;
        throw new HeddleError(
          (error?.code as "QUERY_UNKNOWN" | undefined) ?? "RUN_FAILED",
          error?.message ?? `Update "${name}" of run ${runId} ${event.outcome.status}.`,
        );
      }
    }
    throw new HeddleError("RUN_ENDED", `Run ${runId} ended before it handled update "${name}".`, { data: { runId } });
  }

  /**
   * Into the run's mailbox; mail of the same id counts once.
   *
   * @throws HeddleError `RUN_UNKNOWN`, `RUN_ENDED`
   */
  async send(runId: string, mail: Mail, id: string | undefined): Promise<void> {
    const { state, writer, random, clock, reader, hints } = this.#host;
    state.assertOpen();
    const verdict = await writer.message({ runId, id: id ?? random.id(), atMs: clock.nowMs(), body: mailText(mail) });
    if (verdict.status === "unknown") await reader.row(runId);
    if (verdict.status === "ended")
      throw new HeddleError("RUN_ENDED", `Run ${runId} has ended: nothing can be sent to it.`, { data: { runId } });
    hints.stir([runId]);
  }
}

/** @throws HeddleError `OPTION_INVALID`, `VALUE_TOO_LARGE` */
export function signalMail(name: string, value: unknown, maxValueBytes: number): Mail {
  if (name.startsWith("?"))
    throw new HeddleError("OPTION_INVALID", `A signal's name cannot begin with "?": such names are kept for answers.`);
  const encoded = value === undefined ? undefined : encodeValue(value, { what: `the value of signal "${name}"` });
  checkInputSize(`signal ${name}`, encoded, maxValueBytes);
  return { type: "signal", name, ...(encoded === undefined ? null : { value: encoded }) };
}
