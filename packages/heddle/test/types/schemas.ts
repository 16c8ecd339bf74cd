// Schemas of the large example, from the three validation libraries that people use most. In a file of their own,
// because what the libraries cost the compiler is measured apart from what Heddle's types cost.
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

export const Money = z.object({ amount: z.number().int(), currency: z.enum(["EUR", "USD", "GBP"]) });
export const Address = z.object({ street: z.string(), city: z.string(), zip: z.string(), country: z.string().length(2) });
export const OrderLine = z.object({ sku: z.string(), quantity: z.number().int().positive(), price: Money, note: z.string().optional() });
export const Order = z.object({
  id: z.string(),
  customer: z.object({ id: z.string(), email: z.string(), address: Address }),
  lines: z.array(OrderLine),
  total: Money,
  coupon: z.string().nullable(),
});
export const Shipment = z.object({ tracking: z.string(), carrier: z.union([z.literal("dhl"), z.literal("ups")]), to: Address });
export const OrderOutcome = z.discriminatedUnion("status", [
  z.object({ status: z.literal("shipped"), shipments: z.array(Shipment) }),
  z.object({ status: z.literal("cancelled"), reason: z.string() }),
]);

export const Ticket = v.object({
  id: v.string(),
  title: v.string(),
  severity: v.picklist(["low", "high", "urgent"]),
  log: v.array(v.object({ atMs: v.number(), line: v.string(), fields: v.record(v.string(), v.unknown()) })),
  assignee: v.optional(v.string()),
});
export const Triage = v.object({ severity: v.picklist(["low", "high", "urgent"]), reason: v.string(), related: v.array(v.string()) });
export const Verdict = v.variant("kind", [
  v.object({ kind: v.literal("resolved"), by: v.string() }),
  v.object({ kind: v.literal("escalated"), to: v.string() }),
]);

export const Document = type({ url: "string", language: "'de'|'en'|'fr'", pages: "number.integer>0", "author?": "string" });
export const Chapter = type({ title: "string", text: "string", words: "number" });
export const Summary = type({ title: "string", points: "string[]", chapters: Chapter.array() });
