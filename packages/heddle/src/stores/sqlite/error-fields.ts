import type { ErrorCode } from "@heddle/kernel";

/** An error as it crosses between threads: cloning would keep neither its class nor its code. */
export interface ErrorFields {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function errorFields({ code, message, data }: ErrorFields): ErrorFields {
  return { code, message, data };
}
