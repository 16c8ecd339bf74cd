import { decodeValue, encodeError, encodeValue, HeddleError, type Json, type OpOpened, type Outcome } from "@heddle/kernel";
import type { TaskFrame } from "./task-frame.ts";

/** A message asks a function to handle an update: recorded, then put to it. */
export function takeUpdate(frame: TaskFrame, id: string, name: string, input: Json | undefined): void {
  const { run } = frame;
  const event: OpOpened = {
    type: "op-opened",
    of: frame.command.no,
    key: `update:${id}`,
    op: "update",
    update: { name, ...(input === undefined ? {} : { input }) },
  };
  run.record({ atMs: run.stampMs(), ...event }, () => run.deliver(() => handleUpdate(frame, event, true)));
}

/** @param live the reply is recorded; on replay it is recorded already, or comes when the update is put again */
export function handleUpdate(frame: TaskFrame, event: OpOpened, live: boolean): void {
  const { run } = frame;
  const handler = frame.updates?.get(event.update?.name ?? "");
  const reply = (outcome: Outcome): void => {
    if (live && !frame.ended)
      run.record({ type: "op-ended", atMs: run.stampMs(), of: frame.command.no, key: event.key, op: "update", outcome });
  };
  if (handler === undefined) {
    const error = new HeddleError(
      "QUERY_UNKNOWN",
      `Workflow "${run.workflow}" handles no update "${event.update?.name}": it must call ctx.onUpdate with that name.`,
    );
    reply({ status: "failed", error: encodeError(error) });
    return;
  }
  try {
    const value = handler(event.update?.input === undefined ? undefined : decodeValue(event.update.input));
    Promise.resolve(value).then(
      (result) => reply({ status: "completed", ...(result === undefined ? null : { value: encodeValue(result) }) }),
      (error: unknown) => reply({ status: "failed", error: encodeError(error) }),
    );
  } catch (error) {
    reply({ status: "failed", error: encodeError(error) });
  }
}
