/** The tokens of a SELECT go in; what it reads from comes out: tables behind FROM and JOIN, joins, and what stands behind IN. */
import { tokenName } from './token-name.ts';
import type { Token } from './tokens.ts';

export interface Source {
  /** As written, with or without a database; empty where a parameter stands for the name. */
  readonly path: readonly string[];
  /** Tokens: the first of the name, and the one behind the last. */
  readonly at: number;
  readonly end: number;
  readonly alias?: string;
  /** The token FINAL. */
  readonly final?: number;
  readonly isSample: boolean;
  /** A table function, or a view that takes parameters. */
  readonly isCall: boolean;
}

export interface Join {
  /** The token with which it begins. */
  readonly at: number;
  /** What stands before JOIN, in capitals; a comma joins with just that. */
  readonly words: readonly string[];
}

export interface Membership {
  /** The token NOT or IN. */
  readonly at: number;
  readonly isGlobal: boolean;
  /** The name of a table or a CTE, as written. */
  readonly name?: readonly string[];
  /** Whether a query with sources stands there. */
  readonly isQuery: boolean;
  /** Written as a function: `in(x, …)`. */
  readonly isCall: boolean;
}

export interface QuerySources {
  readonly sources: readonly Source[];
  readonly joins: readonly Join[];
  readonly memberships: readonly Membership[];
  /** Names of CTEs, of any level. */
  readonly named: ReadonlySet<string>;
  /** Whether something stands behind FROM that is none of these. */
  readonly isUnclear: boolean;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const OPENING = words('( [ {');
const CLOSING = words(') ] }');
const JOIN_WORDS = words(
  'GLOBAL LOCAL ANY ALL ASOF SEMI ANTI INNER LEFT RIGHT FULL CROSS PASTE OUTER NATURAL',
);
const BEHIND_LIST = words(
  'WHERE PREWHERE GROUP HAVING ORDER LIMIT OFFSET FETCH SETTINGS UNION EXCEPT INTERSECT WINDOW QUALIFY SELECT FORMAT INTO WITH',
);
const BEHIND_SOURCE = new Set([...JOIN_WORDS, ...BEHIND_LIST, ...words('FINAL SAMPLE ARRAY JOIN ON USING')]);
/** Words behind which an operand begins, so that IN behind them is a function. */
const BEFORE_OPERAND = words(
  'SELECT DISTINCT WHERE PREWHERE HAVING QUALIFY ON AND OR NOT BY THEN ELSE WHEN CASE BETWEEN LIKE ILIKE IS IN WITH AS',
);

export function readSources(tokens: readonly Token[]): QuerySources {
  const sources: Source[] = [];
  const joins: Join[] = [];
  const memberships: Membership[] = [];
  const named = new Set<string>();
  let isUnclear = false;

  const symbol = (at: number): string => (tokens[at]?.kind === 'symbol' ? (tokens[at]?.text ?? '') : '');
  /** In capitals; empty where it is no bare word, or a piece of a path. */
  const word = (at: number): string =>
    tokens[at]?.kind === 'word' && symbol(at - 1) !== '.' ? (tokens[at]?.text ?? '').toUpperCase() : '';
  const isName = (at: number): boolean => tokenName(tokens[at]) !== undefined;
  const name = (at: number): string => tokenName(tokens[at]) ?? tokens[at]?.text ?? '';
  const pathAt = (at: number): string[] => {
    if (!isName(at)) return [];
    return [name(at), ...(symbol(at + 1) === '.' ? pathAt(at + 2) : [])];
  };
  /** An argument or a parameter can be called `from`. */
  const beginsQuery = (at: number): boolean =>
    ['SELECT', 'WITH'].includes(word(at)) ||
    (word(at) === 'FROM' && (isName(at + 1) || OPENING.has(symbol(at + 1))));
  const endsOperand = (at: number): boolean => {
    const { kind } = tokens[at] ?? {};
    if (kind === 'symbol') return CLOSING.has(symbol(at));
    return kind !== undefined && !BEFORE_OPERAND.has(word(at));
  };

  /** What follows the source: an alias, FINAL, SAMPLE. */
  const readTail = (begin: number) => {
    let at = begin;
    let alias: string | undefined;
    if (word(at) === 'AS') alias = name(++at);
    else if (isName(at) && !BEHIND_SOURCE.has(word(at))) alias = name(at);
    if (alias !== undefined) at++;
    const final = word(at) === 'FINAL' ? at++ : undefined;
    const tail = { ...(alias !== undefined && { alias }), ...(final !== undefined && { final }) };
    return { at, ...tail, isSample: word(at) === 'SAMPLE' };
  };

  /** Takes one table, query or table function; gives the token behind it. */
  const readSource = (begin: number): number => {
    if (symbol(begin) === '(') {
      if (!beginsQuery(begin + 1) && symbol(begin + 1) !== '(') isUnclear = true;
      return readTail(readGroup(begin + 1) + 1).at;
    }
    const path = pathAt(begin);
    if (path.length === 0) isUnclear = true;
    const end = begin + Math.max(1, path.length * 2 - 1);
    const isCall = symbol(end) === '(';
    const { at, ...tail } = readTail(isCall ? readGroup(end + 1) + 1 : end);
    sources.push({ path, at: begin, end, isCall, ...tail });
    return at;
  };

  const readJoin = (at: number): number => {
    let first = at;
    while (JOIN_WORDS.has(word(first - 1))) first--;
    const before = Array.from({ length: at - first }, (_one, ahead) => word(first + ahead));
    joins.push({ at: first, words: before });
    return readSource(at + 1);
  };

  const readMembership = (at: number): number => {
    const first = word(at - 1) === 'NOT' ? at - 1 : at;
    const isGlobal = word(first - 1) === 'GLOBAL';
    const isCall = !endsOperand(isGlobal ? first - 2 : first - 1);
    const isGroup = symbol(at + 1) === '(';
    const known = sources.length;
    const path = pathAt(isGroup ? at + 2 : at + 1);
    const behind = symbol((isGroup ? at + 2 : at + 1) + path.length * 2 - 1);
    // `IN (t)` is `IN t`; `IN tuple(1, 2)` and `IN (a, b)` are lists.
    const isTable = path.length > 0 && behind !== '(' && (!isGroup || behind === ')');
    const end = isGroup ? readGroup(at + 2) + 1 : at + 1;
    memberships.push({
      ...{ at: first, isGlobal, isCall, isQuery: sources.length > known },
      ...(isTable && { name: path }),
    });
    return end;
  };

  const isFrom = (at: number): boolean => word(at) === 'FROM' && word(at - 1) !== 'DISTINCT';
  const isJoin = (at: number): boolean => word(at) === 'JOIN' && word(at - 1) !== 'ARRAY';
  const namesQuery = (at: number): boolean =>
    isName(at) && word(at + 1) === 'AS' && symbol(at + 2) === '(' && beginsQuery(at + 3);

  /** Takes what stands outside of brackets in a query. `level` says whether a comma now stands between sources. */
  const readClause = (at: number, level: { isList: boolean }): number => {
    const isComma = level.isList && symbol(at) === ',';
    if (isFrom(at) || isJoin(at) || isComma) {
      level.isList = true;
      if (isComma) joins.push({ at, words: [','] });
      return isJoin(at) ? readJoin(at) : readSource(at + 1);
    }
    if (namesQuery(at)) named.add(name(at));
    // What follows is a list of columns: USING a, b; ARRAY JOIN a, b.
    const isBare = word(at) === 'USING' && symbol(at + 1) !== '(';
    if (isBare || word(at) === 'ARRAY' || BEHIND_LIST.has(word(at))) level.isList = false;
    return at + 1;
  };

  /** Reads on to the bracket that closes the group, and gives its place. */
  const readGroup = (start: number): number => {
    const level = { isList: false };
    let isQuery = beginsQuery(start);
    for (let at = start; ; ) {
      if (at >= tokens.length || CLOSING.has(symbol(at))) return at;
      isQuery ||= word(at) === 'SELECT';
      if (OPENING.has(symbol(at))) at = readGroup(at + 1) + 1;
      else if (word(at) === 'IN') at = readMembership(at);
      else at = isQuery ? readClause(at, level) : at + 1;
    }
  };

  if (readGroup(0) < tokens.length) isUnclear = true;
  return { sources, joins, memberships, named, isUnclear };
}
