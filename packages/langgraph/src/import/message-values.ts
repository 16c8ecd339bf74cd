import { remove } from "heddle";
import { isRecord } from "./compiled-shape.ts";
import { toLive, toPlain } from "./live-values.ts";

type Operator = (held: unknown, written: unknown) => unknown;

/** A message in a run's state: what everybody can read of it, and what LangChain makes it from. */
interface KeptMessage {
  readonly id: string;
  readonly role: string;
  readonly content: unknown;
  readonly kept?: unknown;
}

/** Written in place of a message: all that are there go. */
const removeAll = "__remove_all__";
const overwriteKey = "__overwrite__";

/**
 * What a node wrote to LangGraph's messages, as ours are written.
 *
 * @param operator LangGraph's own reducer: it makes messages, with ids, of all the forms in which they may be written
 * @param held the messages as the node was given them
 */
export function messageUpdate(operator: Operator, written: unknown, held: unknown): unknown {
  const isOverwrite = isRecord(written) && overwriteKey in written;
  const given = isOverwrite ? written[overwriteKey] : written;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const lastOfAll = list.findLastIndex((each) => idOf(each) === removeAll);
  const behind = list.slice(lastOfAll + 1);
  const before = isOverwrite || lastOfAll >= 0 ? (held as readonly KeptMessage[]).map(({ id }) => remove(id)) : [];
  const gone = behind.filter(isRemoval).map((each) => remove(idOf(each)));
  const made = operator(
    [],
    behind.filter((each) => !isRemoval(each)),
  ) as readonly unknown[];
  return [...before, ...gone, ...made.map(keep)];
}

/** LangChain's messages, of those that a run's state holds. One that was given from outside is made of its role and content. */
export async function toLiveMessages(operator: Operator, held: unknown): Promise<unknown> {
  return Promise.all(
    (held as readonly KeptMessage[]).map(async ({ kept, ...message }) =>
      kept === undefined ? (operator([], [message]) as readonly unknown[])[0] : toLive(kept),
    ),
  );
}

function keep(message: unknown): KeptMessage {
  const { id, content } = message as { readonly id: string; readonly content: unknown };
  return { id, role: typeOf(message) ?? "generic", content: toPlain(content), kept: toPlain(message) };
}

function isRemoval(message: unknown): boolean {
  return typeOf(message) === "remove";
}

function idOf(message: unknown): string {
  return isRecord(message) && typeof message["id"] === "string" ? message["id"] : "";
}

function typeOf(message: unknown): string | undefined {
  if (!isRecord(message)) return undefined;
  if (typeof message["getType"] === "function") return (message["getType"] as () => string)();
  return typeof message["type"] === "string" ? message["type"] : undefined;
}
