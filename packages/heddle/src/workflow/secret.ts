/**
 * A reference to a secret: what may stand in inputs, results and journals in place of the secret itself.
 * A step gets the value with `step.reveal(reference)`.
 */
export interface Secret {
  readonly secret: string;
}

/** Refer to a secret by name. The name is kept in the journal; the value never is. */
export function secret(name: string): Secret {
  return { secret: name };
}
