/** A JSON value as it stands in a journal: what the value codec produces and the kernel passes through unread. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
