import type { Json, Outcome } from "@heddle/kernel";

interface ChannelWrite {
  readonly channel: string;
  readonly value: Json;
}

/** What can be sent to a run. Kept in its mailbox until the run has recorded what it makes of it. */
export type Mail =
  /** `writes`: to channels, with the answer that lets a run go on. */
  | { readonly type: "signal"; readonly name: string; readonly value?: Json; readonly writes?: readonly ChannelWrite[] }
  | { readonly type: "cancel"; readonly reason?: string; readonly deadline?: true }
  | { readonly type: "pause"; readonly reason?: string }
  /** Its state is not the one that its journal tells. */
  | { readonly type: "diverged"; readonly difference: readonly string[] }
  | { readonly type: "resume"; readonly accept?: boolean }
  | { readonly type: "child-ended"; readonly child: string; readonly of: number; readonly key: string; readonly outcome: Outcome }
  | { readonly type: "write"; readonly writes: readonly ChannelWrite[] }
  | { readonly type: "update"; readonly name: string; readonly input?: Json };

export const mailText = (mail: Mail): string => JSON.stringify(mail);
export const readMail = (text: string): Mail => JSON.parse(text) as Mail;

/** An answer travels as a signal whose name no user signal can have. */
export const answerSignal = (id: string): string => `?${id}`;
/** The id of the question that a signal answers. */
export const questionOf = (signal: string | undefined, key: string): string => (signal?.startsWith("?") === true ? signal.slice(1) : key);
