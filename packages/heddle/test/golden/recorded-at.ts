/** When all recorded journals begin. */
export const recordedAtMs: number = Date.UTC(2026, 0, 1);
