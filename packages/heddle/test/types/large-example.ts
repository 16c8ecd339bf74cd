// A shop, a help desk and a translation office: 16 workflows as people write them, for the compiler alone.
// `npm run check:instantiations` bounds what Heddle's types cost it here. Nothing in this file runs.
import { type Context, type Engine, type EngineOptions, type Workflow, workflow } from "heddle";
import {
  Address,
  Chapter,
  Document,
  Money,
  Order,
  OrderLine,
  OrderOutcome,
  Shipment,
  Summary,
  Ticket,
  Triage,
  Verdict,
} from "./schemas.ts";

declare function call<T>(service: string, body: unknown, signal?: AbortSignal): Promise<T>;

/** Compiles only when both types are the same. */
function same<A, B>(..._proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]): void {}

// ---- A shop: zod

export const checkAddress = workflow(
  "check-address",
  async (ctx, address) => {
    same<typeof address.country, string>();
    const known = await ctx.step("look-up", ({ signal }) => call<{ valid: boolean; zone: number }>("addresses", address, signal), {
      retry: 3,
      timeout: "5s",
    });
    return { valid: known.valid, zone: known.zone };
  },
  { input: Address },
);

export const priceLine = workflow(
  "price-line",
  async (ctx, line) => {
    const price = await ctx.step("price", () => call<{ amount: number; currency: "EUR" | "USD" | "GBP" }>("prices", line.sku));
    const tax = await ctx.step("tax", () => price.amount * 0.19, { input: price });
    same<typeof tax, number>();
    return { amount: Math.round((price.amount + tax) * line.quantity), currency: price.currency };
  },
  { input: OrderLine, output: Money },
);

export const reserve = workflow("reserve", async (ctx, line: { sku: string; quantity: number }) => {
  const hold = await ctx.step("hold", ({ idempotencyKey }) => call<{ holdId: string; until: Date }>("stock", { line, idempotencyKey }), {
    compensate: async (made) => {
      same<typeof made.until, Date>();
      await call("stock/release", made.holdId);
    },
  });
  return hold.holdId;
});

export const charge = workflow(
  "charge",
  async (ctx, total) => {
    const taken = await ctx.step(
      "charge",
      ({ idempotencyKey, attempt }) => call<{ chargeId: string }>("card", { total, idempotencyKey, attempt }),
      {
        effect: "at-most-once",
        timeout: "30s",
        compensate: ({ chargeId }) => call("card/refund", chargeId),
      },
    );
    await ctx.emit("charged", "charged", taken);
    return taken.chargeId;
  },
  { input: Money },
);

export const ship = workflow(
  "ship",
  async (
    ctx,
    {
      order,
      parcels,
    }: { order: string; parcels: readonly { to: { street: string; city: string; zip: string; country: string }; weight: number }[] },
  ) => {
    const labels = await ctx.map(
      "label",
      parcels,
      async (parcel, { index, signal }) => ({ index, code: await call<string>("labels", { order, parcel }, signal) }),
      {
        concurrency: 4,
        retry: { attempts: 5, initialMs: 200, factor: 2 },
        id: (parcel) => parcel.to.zip,
      },
    );
    same<typeof labels, { index: number; code: string }[]>();
    const picked = await ctx.map("pick-up", labels, ({ code }) => call<"dhl" | "ups">("pick-up", code), { failure: "collect" });
    return picked.flatMap((result, index) => {
      const parcel = parcels[index];
      const label = labels[index];
      return result.ok && parcel !== undefined && label !== undefined
        ? [{ tracking: label.code, carrier: result.value, to: parcel.to }]
        : [];
    });
  },
);

export const askApproval = workflow("ask-approval", async (ctx, sku: string) => {
  const answer = await ctx.ask("approve", { kind: "approval", prompt: `Ship ${sku}?`, approvers: ["ops"], timeout: "2d" });
  same<typeof answer.approved, boolean>();
  const route = await ctx.ask("route", { kind: "choice", prompt: "Which way?", choices: ["air", "sea", "road"] });
  if (!route.timedOut) same<typeof route.choice, "air" | "sea" | "road">();
  // @ts-expect-error a choice that was not offered is never the answer
  if (route.choice === "boat") throw new Error("no boats");
  const words = await ctx.ask("words", { kind: "text", prompt: "A word to the customer" });
  const box = await ctx.ask("box", { kind: "form", prompt: "Where to?", schema: Address });
  if (!box.timedOut) same<typeof box.value.city, string>();
  return { approved: answer.approved, route: route.choice, words: words.text, city: box.value?.city };
});

export const order = workflow(
  "order",
  async (ctx, input) => {
    same<(typeof input.lines)[number]["price"]["currency"], "EUR" | "USD" | "GBP">();
    const where = await ctx.call("address", checkAddress, input.customer.address);
    if (!where.valid) return { status: "cancelled", reason: "unknown address" } as const;
    const prices = await Promise.all(input.lines.map((line, index) => ctx.call(`price/${index}`, priceLine, line)));
    same<(typeof prices)[number]["currency"], "EUR" | "USD" | "GBP">();
    const holds = await ctx.map("reserve", input.lines, (line) => call<string>("stock", line));
    const first = await ctx.race("decision", {
      person: (branch) => branch.call("approval", askApproval, input.id),
      customer: (branch) => branch.receive("cancelled", "cancel", { schema: Ticket }),
      clock: async (branch) => {
        await branch.sleep("patience", "3d");
        return "late" as const;
      },
    });
    switch (first.winner) {
      case "person":
        same<typeof first.value.approved, boolean>();
        break;
      case "customer":
        same<typeof first.value.severity, "low" | "high" | "urgent">();
        return { status: "cancelled", reason: first.value.title } as const;
      case "clock":
        same<typeof first.value, "late">();
        return { status: "cancelled", reason: "nobody decided" } as const;
      default:
        return first satisfies never;
    }
    const paid = await ctx.call("charge", charge, input.total, { close: "wait", tags: { order: input.id } });
    const both = await ctx.all("deliver", {
      shipments: (branch) =>
        branch.call("ship", ship, { order: input.id, parcels: [{ to: input.customer.address, weight: holds.length }] }),
      receipt: (branch) => branch.step("receipt", () => call<{ pdf: Uint8Array }>("receipts", paid)),
    });
    same<typeof both.receipt.pdf, Uint8Array>();
    return { status: "shipped", shipments: both.shipments } as const;
  },
  { input: Order, output: OrderOutcome, concurrency: { limit: 8, key: (input) => input.customer.id }, timeout: "10d" },
);

export const returns = workflow(
  "returns",
  async (ctx, shipment) => {
    const arrived = await ctx.receive("arrived", "parcel-arrived", { schema: Shipment, timeout: "30d" });
    same<
      typeof arrived,
      { tracking: string; carrier: "dhl" | "ups"; to: { street: string; city: string; zip: string; country: string } } | undefined
    >();
    if (arrived === undefined) return false;
    same<typeof arrived.carrier, "dhl" | "ups">();
    await ctx.transaction("refund", (tx) => tx.run("update shipments set returned = 1 where tracking = ?", shipment.tracking));
    return true;
  },
  { input: Shipment },
);

// ---- A help desk: valibot

export const triage = workflow(
  "triage",
  async (ctx, ticket) => {
    same<typeof ticket.severity, "low" | "high" | "urgent">();
    const related = await ctx.map("search", ticket.log, ({ line }) => call<string[]>("search", line), { concurrency: 16 });
    const reason = await ctx.step("model", ({ stream, heartbeat }) => {
      stream("thinking");
      heartbeat({ tokens: 10 });
      return call<string>("model", related.flat());
    });
    return { severity: ticket.severity, reason, related: related.flat() };
  },
  { input: Ticket, output: Triage },
);

export const page = workflow("page", async (ctx, { person, title }: { person: string; title: string }) => {
  for (let round = 1; round <= 3; round++) {
    await ctx.step(`page/${round}`, () => call("pager", { person, title, round }));
    const answer = await ctx.receive<{ taken: boolean }>(`answer/${round}`, "acknowledged", { timeout: "10m" });
    if (answer?.taken === true) return person;
  }
  return undefined;
});

export const handleTicket = workflow(
  "handle-ticket",
  async (ctx, ticket) => {
    const judged = await ctx.call("triage", triage, ticket);
    ctx.onQuery("severity", () => judged.severity);
    ctx.onUpdate("assign", async ({ to }: { to: string }) => ({ assigned: to, by: ctx.runId }));
    if (judged.severity === "low") return { kind: "resolved", by: "nobody" } as const;
    const who = await ctx.call("page", page, { person: ticket.assignee ?? "on-call", title: ticket.title });
    return who === undefined ? ({ kind: "escalated", to: "lead" } as const) : ({ kind: "resolved", by: who } as const);
  },
  { input: Ticket, output: Verdict },
);

export const digest = workflow("digest", async (ctx, since: number) => {
  const tickets = await ctx.step("list", () => call<readonly { id: string; title: string }[]>("tickets", since));
  const children = await Promise.all(
    tickets.map(({ id }) => ctx.start(`child/${id}`, page, { person: id, title: id }, { close: "detach" })),
  );
  same<typeof children, string[]>();
  await ctx.sleepUntil("morning", new Date(ctx.now + 3_600_000));
  return ctx.continueAs(ctx.now);
});

// ---- A translation office: arktype

export const readDocument = workflow(
  "read-document",
  async (ctx, document) => {
    same<typeof document.language, "de" | "en" | "fr">();
    const pages = await ctx.map(
      "page",
      Array.from({ length: document.pages }, (_, index) => index),
      (index) => call<string>("ocr", { url: document.url, index }),
    );
    return pages.map((text, index) => ({ title: `${index}`, text, words: text.split(" ").length }));
  },
  { input: Document, output: Chapter.array() },
);

export const translateChapter = workflow(
  "translate-chapter",
  async (ctx, chapter) => {
    const text = await ctx.step("translate", () => call<string>("translate", chapter.text), { totalTimeout: "10m", heartbeat: "20s" });
    return { title: chapter.title, text, words: chapter.words };
  },
  { input: Chapter, output: Chapter },
);

export const summarize = workflow(
  "summarize",
  async (ctx, document) => {
    const chapters = await ctx.call("read", readDocument, document);
    const translated = await Promise.all(chapters.map((chapter, index) => ctx.call(`translate/${index}`, translateChapter, chapter)));
    const points = await ctx.map("point", translated, (chapter) => call<string>("point", chapter.text));
    return { title: document.url, points, chapters: translated };
  },
  { input: Document, output: Summary },
);

export const editions = workflow("editions", async (ctx, urls: readonly string[]) => {
  const summaries = await Promise.all(urls.map((url, index) => ctx.call(`summary/${index}`, summarize, { url, language: "de", pages: 1 })));
  return editorial(ctx, summaries);
});

async function editorial(
  ctx: Context,
  summaries: readonly { title: string; points: string[] }[],
): Promise<{ chosen: string; dice: number; id: string }> {
  const dice = ctx.random("dice");
  const picked = summaries[Math.floor(dice * summaries.length)];
  return { chosen: picked?.title ?? "", dice, id: ctx.uuid("id") };
}

// ---- All of them in one registry, as `open` takes it, and the types that come out.

export const all = [
  checkAddress,
  priceLine,
  reserve,
  charge,
  ship,
  askApproval,
  order,
  returns,
  triage,
  page,
  handleTicket,
  digest,
  readDocument,
  translateChapter,
  summarize,
  editions,
] as const;

export type InputOf<W> = W extends Workflow<infer I, unknown> ? I : never;
export type OutputOf<W> = W extends { readonly run: (ctx: Context, input: never) => Promise<infer O> } ? O : never;
same<InputOf<typeof triage>["severity"], "low" | "high" | "urgent">();
same<OutputOf<typeof reserve>, string>();
same<OutputOf<typeof summarize>["points"], string[]>();

export const options: EngineOptions = { workflows: all };

export async function startAll(engine: Engine): Promise<void> {
  const run = await engine.start(handleTicket, { id: "t", title: "disk full", severity: "high", log: [] });
  const verdict = await run.result();
  if (verdict.kind === "escalated") same<typeof verdict.to, string>();
  const again = await engine.signalWithStart(charge, { amount: 5, currency: "EUR" }, { name: "go" }, { id: "c" });
  same<Awaited<ReturnType<typeof again.result>>, string>();
  // @ts-expect-error an input that does not fit is refused by the compiler
  await engine.start(charge, { amount: "5", currency: "EUR" });
}
