import type { Socket } from "node:net";
import type pg from "pg";

/** What the driver's types leave out. */
export interface Connection extends pg.Client {
  /** The server's process, as told when the connection was made. A pooler tells a number of its own. */
  readonly processID: number | null;
  /** Whether the connection keeps the process alive. */
  ref(): void;
  unref(): void;
}

/** A server's process. Its number may be another's after it has ended, so the time at which it began is part of its name. */
export interface Backend {
  readonly pid: number;
  /** As the server writes it. */
  readonly startedAt: string;
}

/** A good-bye that was not answered for so long is not waited for: the road may be cut. */
const goodbyeMs = 1_000;

/** End a connection, whatever has become of it. Never fails, and never waits for long. */
export async function hangUp(client: pg.Client): Promise<void> {
  const late = setTimeout(() => cut(client), goodbyeMs);
  await client.end().catch(() => {});
  clearTimeout(late);
}

/** Without a good-bye: what waits for an answer fails at once. */
export function cut(client: pg.Client): void {
  (client.connection as unknown as { readonly stream: Socket }).stream.destroy();
}
