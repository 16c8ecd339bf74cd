import { suiteOn } from "./suite-on.ts";

suiteOn("in the writer's thread", 0);
