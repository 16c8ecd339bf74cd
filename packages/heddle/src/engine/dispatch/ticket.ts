/**
 * A task that stands in line or has begun. `line`: it is ready and held back; `place`: it is under way; `rest`: it has begun and waits; `between`: its attempt is over,
 * and the next is not due yet; `closing`: it is over, and its place is kept until that is recorded; `over`: it counts no more.
 */
export interface Ticket {
  readonly no: number;
  readonly task: number;
  readonly level: number;
  readonly pool: number;
  readonly cpu: number;
  readonly memory: number;
  readonly position: number;
  /** Order of arrival. */
  arrival: number;
  /** How many began before it that stand behind it, since it did not fit. */
  overtaken: number;
  status: "line" | "place" | "rest" | "between" | "closing" | "over";
}

/** Who goes first. */
export function isBefore(one: Ticket, other: Ticket): boolean {
  return one.position < other.position || (one.position === other.position && one.arrival < other.arrival);
}
