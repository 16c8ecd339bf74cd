import type { StoreMove } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { running } from "../run-row.ts";

export interface Moves {
  read(): StoreMove | null;
  write(move: StoreMove | null): void;
  anyRunning(): boolean;
}

export function moves(connection: Connection): Moves {
  const select = connection.statement("SELECT target, done FROM heddle_move");
  const remove = connection.statement("DELETE FROM heddle_move");
  const insert = connection.statement("INSERT INTO heddle_move (one, target, done) VALUES (1, ?, ?)");
  const owned = connection.statement(`SELECT 1 FROM heddle_run WHERE status = ${running} AND status <> 4 LIMIT 1`);
  return {
    read() {
      // What the writer looks at between its steps, and none of them.
      const { target, done } = select.check();
      return typeof target === "string" ? { to: target, done: done === 1 } : null;
    },
    write(move) {
      remove.run();
      if (move !== null) insert.run(move.to, move.done ? 1 : 0);
    },
    anyRunning: () => owned.get() !== undefined,
  };
}
