/** Of functions whose plans are to go by indexes, whatever the tables held when they were made. What no index has is no reason to compile a plan. */
export const byIndex = "SET enable_seqscan = off SET jit = off";
/** Of functions that find each row by its key. */
export const byKey = `${byIndex} SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan`;
