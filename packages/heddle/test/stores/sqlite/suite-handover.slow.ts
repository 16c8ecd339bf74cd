import { suiteOn } from "./suite-on.ts";

suiteOn("from one to the other", 3);
