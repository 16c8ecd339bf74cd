// The example's imports and schemas, with the output of each schema read once and nothing done with it:
// `npm run check:instantiations` takes what this costs the compiler off what the large example costs.
import type { Schema } from "heddle";
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

declare function read<T>(schema: Schema<unknown, T>, use: (value: T) => unknown): void;

read(Money, (value) => value.amount);
read(Address, (value) => value.city);
read(OrderLine, (value) => value.sku);
read(Order, (value) => value.lines);
read(Shipment, (value) => value.to);
read(OrderOutcome, (value) => value.status);
read(Ticket, (value) => value.severity);
read(Triage, (value) => value.reason);
read(Verdict, (value) => value.kind);
read(Document, (value) => value.url);
read(Chapter, (value) => value.text);
read(Chapter.array(), (value) => value.length);
read(Summary, (value) => value.points);
