/** Most levels of objects, arrays, Maps, Sets and causes inside one another: what engines' own JSON writers take without trouble. */
export const maxDepth = 1000;

/** Largest JSON text of one value in bytes, unless a caller says otherwise. */
export const defaultMaxBytes = 64 * 1024 * 1024;
