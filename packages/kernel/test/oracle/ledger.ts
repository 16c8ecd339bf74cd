import type { Command, RunEvent } from "@heddle/kernel";

/** Issued minus answered, kept from the outside: from nothing but the events that went in and the commands that came out. */
export class Ledger {
  readonly #open = new Map<number, Command>();

  note(event: RunEvent, commands: readonly Command[]): void {
    if (event.type === "task-ended") this.#answer(event.no, ["start-task", "decide-group"]);
    if (event.type === "timer-fired") this.#answer(event.no, ["set-timer"]);
    // An attempt that ended: its activation is open again if it is commanded again, and at its end if it is not.
    if (event.type === "task-retried") this.#answer(event.no, ["start-task"]);
    if (event.type === "run-ended") this.#open.clear();
    for (const command of commands) {
      if (command.type === "cancel-task") continue;
      if (command.type === "end-run") this.#open.clear();
      if (command.type === "cancel-timer") this.#open.delete(command.no);
      else this.#open.set(command.no, command);
    }
  }

  outstanding(): Command[] {
    return [...this.#open.values()].sort((a, b) => a.no - b.no);
  }

  #answer(no: number, types: readonly Command["type"][]): void {
    const command = this.#open.get(no);
    if (command !== undefined && types.includes(command.type)) this.#open.delete(no);
  }
}
