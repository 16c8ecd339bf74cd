// Imported first, before anything makes an error: where this code lies on somebody's disk is nothing to keep.
Error.stackTraceLimit = 0;
