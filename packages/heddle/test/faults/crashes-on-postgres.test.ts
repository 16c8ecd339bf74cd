import { storeAddress } from "@heddle/testing";
import { crashCases } from "./crash-cases.ts";

const address = process.env["HEDDLE_POSTGRES"];
let schemas = 0;

// Where a server is; `npm test` sees to that.
if (address !== undefined) crashCases({ name: "PostgreSQL", newAddress: () => storeAddress(address, `f${process.pid}_${++schemas}`) });
