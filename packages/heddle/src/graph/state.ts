import type { StateChannel } from "./channel.ts";

/** The keys of a graph's state. */
export type Channels = Readonly<Record<string, StateChannel>>;

type HeldBy<C> = C extends { readonly types?: { readonly held: infer H; readonly sure: infer S } }
  ? S extends true
    ? H
    : H | undefined
  : never;
type CertainBy<C> = C extends { readonly types?: { readonly held: infer H } } ? H : never;
type WrittenTo<C> = C extends { readonly types?: { readonly written: infer W } } ? W : never;

/** What nodes read: the whole state. Keys that its input must have hold a value from the beginning; so do those with an initial value. Frozen. */
export type StateOf<C, Required extends PropertyKey = never> = {
  readonly [K in keyof C]: K extends Required ? CertainBy<C[K]> : HeldBy<C[K]>;
};

/** What nodes write: some keys, each as its channel takes it. */
export type UpdateOf<C> = { readonly [K in keyof C]?: WrittenTo<C[K]> | undefined };

/** What a run is started with: any keys, of which it must have `Required`. */
export type InputOf<C, Required extends PropertyKey = never, Private extends PropertyKey = never> = {
  readonly [K in keyof C as K extends Required ? K : never]: WrittenTo<C[K]>;
} & { readonly [K in keyof C as K extends Private | Required ? never : K]?: WrittenTo<C[K]> | undefined };

/** What a run gives: the output keys, of those that hold a value. */
export type OutputOf<C, Keys extends PropertyKey, Required extends PropertyKey = never> = {
  readonly [K in keyof C as K extends Keys ? K : never]: K extends Required ? CertainBy<C[K]> : HeldBy<C[K]>;
};
