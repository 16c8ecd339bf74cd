import { suiteOn } from "./suite-on.ts";

suiteOn("on the main thread", Number.POSITIVE_INFINITY);
