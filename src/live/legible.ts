/** A written definition and what a server made of it go in; the text comes out, where the server would understand it again. */
import { ParseError } from '../sql/cursor.ts';
import { misreadName } from '../sql/spelling.ts';
import { statementText } from './statement-text.ts';

/** `selected` as {@link statementText} takes it. Throws `ParseError` where the server itself would not understand it any more. */
export function legible(written: string, selected = ''): string {
  const stored = statementText(selected);
  if (stored === '') throw new ParseError('ClickHouse would store a definition that it can not read back');
  const name = misreadName(written, stored);
  if (name === undefined) return stored;
  throw new ParseError(
    `ClickHouse writes the name \`${name}\` down without quotes and would not take it for a name again`,
  );
}
