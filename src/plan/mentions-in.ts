/** A statement goes in; the names that it speaks of come out, with what tells whether they are names of objects. */
import { unquote } from '../sql/quote.ts';
import { tokenName } from '../sql/token-name.ts';
import { type Token, TokenError, tokenize } from '../sql/tokens.ts';

const SOURCES = new Set(['FROM', 'JOIN']);

export interface Mention {
  readonly path: readonly string[];
  /** Written as `name.name` or behind FROM or JOIN, where hardly anything but an object stands. */
  readonly sure: boolean;
  /** The tokens around a name that stands alone. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** `DB 'shop' TABLE 'orders'`, as dictionaries name what they read. */
function sourceTable(tokens: readonly Token[]): Mention[] {
  const behind = (word: string): string[] => {
    const token = tokens[tokens.findIndex(({ kind, text }) => kind === 'word' && text === word) + 1];
    return token && token !== tokens[0] ? [token.kind === 'word' ? token.text : unquote(token.text)] : [];
  };
  const path = [...behind('DB'), ...behind('TABLE')];
  return path.length > 1 ? [{ path, sure: true }] : [];
}

/** The paths that a dotted name may be: servers write the call of a view that takes parameters as `db.view`(…). */
function dottedPaths(name: string): string[][] {
  return [...name.matchAll(/\./g)].map(({ index }) => [name.slice(0, index), name.slice(index + 1)]);
}

/** Every `name` and `name.name` that a statement speaks of, in identifiers and in strings such as `dictGet('a.b', …)`. */
export function mentionsIn(statement: string): Mention[] {
  const tokens = tokenize(statement);
  const mentions: Mention[] = statement.startsWith('CREATE DICTIONARY ') ? sourceTable(tokens) : [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'string') {
      const text = unquote(token.text);
      mentions.push({ path: [text], sure: false }, { path: text.split('.'), sure: false });
      if (tokens[at - 1]?.text === 'QUERY') mentions.push(...mentionsInQuery(text));
      continue;
    }
    const name = tokenName(token);
    if (name === undefined) continue;
    const [before, after] = [tokens[at - 1]?.text, tokens[at + 1]?.text];
    mentions.push({ path: [name], sure: SOURCES.has(before ?? ''), before, after });
    if (token.kind === 'quoted' && after === '(')
      mentions.push(...dottedPaths(name).map((path) => ({ path, sure: true })));
    const next = tokens[at + 1]?.text === '.' ? tokenName(tokens[at + 2]) : undefined;
    if (next !== undefined) mentions.push({ path: [name, next], sure: true });
  }
  return mentions;
}

/** Of the query of a dictionary's source, which its server alone can read when it isn't ClickHouse. */
function mentionsInQuery(query: string): Mention[] {
  try {
    return mentionsIn(query);
  } catch (error) {
    if (error instanceof TokenError) return [];
    throw error;
  }
}
