/** A declared object goes in; it comes out with pieces of SQL that cannot reach beyond themselves, or is refused. */
import { type AttributeValue, type StateObject, showId, type Tree } from '../model/object.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError, tokenize } from '../sql/tokens.ts';

/** Attributes that are written as quoted names and texts; all others stand in statements as they are. */
const QUOTED = new Set(['comment', 'definer', 'target', 'parent', 'default_database', 'valid_until']);

/** Whether the attribute of this name is SQL, and no text that stands in quotes. */
export function isSql(attribute: string): boolean {
  return !QUOTED.has(attribute);
}

/** Attributes of parts that are lists; a comma in any other would begin another part. */
const LISTS = new Set(['codec', 'statistics']);

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** What keeps a piece from being whole: a quote, a comment or a parenthesis that it opens or closes on its own, or a comma. */
function flaw(sql: string, mayList: boolean): string | undefined {
  const open: string[] = [];
  try {
    for (const { kind, text } of tokenize(sql)) {
      const closing = kind === 'symbol' ? CLOSING[text] : undefined;
      if (kind === 'symbol' && text === ',' && open.length === 0 && !mayList)
        return 'a `,` begins another part';
      if (closing) open.push(closing);
      else if (kind === 'symbol' && ')]}'.includes(text) && open.pop() !== text)
        return `a \`${text}\` closes nothing`;
    }
  } catch (error) {
    if (error instanceof TokenError) return error.message;
    throw error;
  }
  return open.length > 0 ? `a \`${open.at(-1)}\` is missing` : undefined;
}

/** A comment up to the end of the line would swallow what is written behind the piece, so it goes. */
function withoutLastComment(sql: string): string {
  const tokens = tokenize(sql);
  return tokenize(`${sql} x`).length === tokens.length ? sql.slice(0, tokens.at(-1)?.end ?? 0) : sql;
}

function wholeObject(object: StateObject, isPart: boolean): StateObject {
  const whole = ([name, value]: [string, AttributeValue]): [string, AttributeValue] => {
    if (typeof value !== 'string' || !isSql(name)) return [name, value];
    const reason = flaw(value, !isPart || LISTS.has(name));
    if (reason) throw new ParseError(`${showId(object.id)}: the SQL of ${name} is not whole: ${reason}`);
    return [name, withoutLastComment(value)];
  };
  return { ...object, attributes: Object.fromEntries(Object.entries(object.attributes).map(whole)) };
}

/** The same object. Throws {@link ParseError} for a piece of SQL that would change the meaning of what stands around it. */
export function wholeSql({ root, parts }: Tree): Tree {
  return { root: wholeObject(root, false), parts: parts.map((part) => wholeObject(part, true)) };
}
