/** This package's version, written into every step. */
export const VERSION = "0.1.0";
