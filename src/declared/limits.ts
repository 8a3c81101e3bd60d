/** The bounds that keep a hostile declaration from costing more than a moment; each is far above what estates need. */

/** Bytes of one file. */
export const FILE_BYTES = 4 * 1024 * 1024;
/** Bytes of all files together. */
export const TOTAL_BYTES = 64 * 1024 * 1024;
/** Files and folders looked at. */
export const FILES = 20_000;
/** Lines of one file. */
export const LINES = 250_000;
/** Declarations of all files together. */
export const DOCUMENTS = 20_000;
/** Mappings and lists inside each other; the kinds need seven. */
export const DEPTH = 64;
/** YAML tokens of one document; a column in its long form takes about 30. */
export const DOCUMENT_TOKENS = 250_000;
/** Values that aliases may copy, in all files together. */
export const ALIASED_VALUES = 100_000;
/** Findings of one file, after which the rest of it is not checked. */
export const FILE_FINDINGS = 1_000;
/** Findings of all files, after which the remaining files are not checked. */
export const TOTAL_FINDINGS = 10_000;
