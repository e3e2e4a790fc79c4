/**
 * Stands where a value is nested deeper than is read of a page that has such values. It holds NUL, which no record can store, so
 * that its record becomes a reject.
 */
export const TOO_DEEP = '\u0000nested too deep';
