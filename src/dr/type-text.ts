/** The text of a column's type goes in, its family and parameters come out. */
import { Cursor } from '../sql/cursor.ts';

export interface TypeText {
  readonly family: string;
  /** As written between the parentheses, split at the commas. */
  readonly parameters: readonly string[];
}

export function splitType(type: string): TypeText {
  const cursor = new Cursor(type);
  const family = cursor.name();
  if (cursor.ended) return { family, parameters: [] };
  const list = new Cursor(cursor.parenthesized());
  const parameters: string[] = [];
  while (!list.ended) {
    parameters.push(list.expression());
    if (!list.takes(',')) break;
  }
  return { family, parameters };
}

/** The type of a tuple's element, which may have a name in front: `a Nullable(String)`. */
export function elementType(parameter: string): string {
  const cursor = new Cursor(parameter);
  cursor.name();
  if (cursor.ended || cursor.sees('(')) return parameter;
  return cursor.rest();
}
