/** Randomness. The engine uses no other. */
export interface Random {
  /** Evenly in [0, 1). */
  next(): number;
  /** A new identifier, unique for all practical purposes; 22 characters of `A-Za-z0-9_-` or fewer. */
  id(): string;
}
