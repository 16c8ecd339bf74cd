// Properties draw the same values on every run of the fast lane; HEDDLE_SEED draws others.
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["HEDDLE_SEED"] ?? 1) });
