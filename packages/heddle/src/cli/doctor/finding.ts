/** What one look at the store or the machine found. */
export interface Finding {
  readonly status: "ok" | "note" | "problem";
  /** What was looked at, in a word or two. */
  readonly subject: string;
  readonly says: string;
  /** Commands or deeds that mend it, with what each is for. */
  readonly next?: readonly (readonly [meaning: string, command: string])[];
}
