/** Reads SQL text that a server stores: its bytes need not be UTF-8, as in `DEFAULT '\xff'`, and none may be lost. */
import { escapeBytes } from '../sql/quote.ts';

/** Selects a column of SQL text so that {@link statementText} can read it: no SQL text begins with NUL. */
export function statementColumn(column: string): string {
  return `if(isValidUTF8(${column}), ${column}, concat('\\0', hex(${column})))`;
}

export function statementText(selected: string): string {
  return selected.startsWith('\0') ? escapeBytes(Buffer.from(selected.slice(1), 'hex')) : selected;
}
