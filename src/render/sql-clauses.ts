/** Takes the tokens of a text and gives the clauses that stand on its outermost level. */
import type { Token } from '../sql/tokens.ts';

/** A run of tokens: its keywords reach from `start` to `body`, all of it to `end`. */
export interface Clause {
  readonly start: number;
  readonly body: number;
  readonly end: number;
  /** Whether it is the column list of a query. */
  readonly select: boolean;
  /** Whether it stands under the first clause, as an ALTER's items do. */
  readonly nested: boolean;
}

type Mode = 'create' | 'alter' | 'query' | 'list';

const split = (text: string): string[][] => text.split('|').map((phrase) => phrase.split(' '));

const SELECT = split('SELECT DISTINCT|SELECT');
const QUERY = split(
  'FROM|PREWHERE|WHERE|GROUP BY|HAVING|QUALIFY|WINDOW|ORDER BY|LIMIT|OFFSET|SETTINGS|UNION ALL|UNION DISTINCT',
);
const CREATE = split(
  'ENGINE|PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS|COMMENT|DEFINER|SQL SECURITY|SOURCE|LIFETIME|LAYOUT|RANGE',
);
const AS_QUERY = split('AS SELECT DISTINCT|AS SELECT|AS WITH');
const MODIFY_QUERY = split('MODIFY QUERY');

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const JOIN_WORDS = words('GLOBAL LOCAL ANY ALL ASOF SEMI ANTI LEFT RIGHT INNER FULL OUTER CROSS PASTE ARRAY');
const ALTER_VERBS = words(
  'ADD DROP MODIFY RENAME COMMENT CLEAR MATERIALIZE REMOVE RESET UPDATE DELETE ALTER',
);
const AFTER_WITH = words('TOTALS ROLLUP CUBE FILL TIES');

export const upperWord = (token: Token | undefined): string =>
  token?.kind === 'word' ? token.text.toUpperCase() : '';

function phraseLength(phrases: readonly string[][], tokens: readonly Token[], at: number): number {
  const found = phrases.find((phrase) =>
    phrase.every((word, ahead) => upperWord(tokens[at + ahead]) === word),
  );
  return found?.length ?? 0;
}

function joinLength(tokens: readonly Token[], at: number): number {
  let length = 0;
  while (JOIN_WORDS.has(upperWord(tokens[at + length]))) length++;
  return upperWord(tokens[at + length]) === 'JOIN' ? length + 1 : 0;
}

function modeOf(first: Token | undefined, second: Token | undefined): Mode {
  const word = upperWord(first);
  if (word === 'CREATE' || word === 'ATTACH') return 'create';
  if (word === 'ALTER' && upperWord(second) === 'TABLE') return 'alter';
  return ['SELECT', 'WITH', 'INSERT'].includes(word) ? 'query' : 'list';
}

/** Whether what ends with this token is complete, so that a keyword behind it is no name and no operand. */
const canEnd = (token: Token | undefined): boolean =>
  token !== undefined && (token.kind !== 'symbol' || ')]}*'.includes(token.text));

function queryKeywords(tokens: readonly Token[], at: number, fresh: boolean): number {
  const select = phraseLength(SELECT, tokens, at);
  if (select > 0) return select;
  const isWith = upperWord(tokens[at]) === 'WITH';
  if (isWith && upperWord(tokens[at - 1]) === 'QUERY') return 1;
  if (fresh || !canEnd(tokens[at - 1])) return 0;
  if (isWith) return AFTER_WITH.has(upperWord(tokens[at + 1])) ? 0 : 1;
  return phraseLength(QUERY, tokens, at) || joinLength(tokens, at);
}

function alterKeywords(tokens: readonly Token[], at: number): number {
  const query = phraseLength(MODIFY_QUERY, tokens, at);
  return query || (tokens[at - 1]?.text === ',' && ALTER_VERBS.has(upperWord(tokens[at])) ? 1 : 0);
}

/** How many tokens are the keywords of a clause that begins here; `fresh` says that the last one has nothing yet. */
function keywordsAt(tokens: readonly Token[], at: number, mode: Mode, fresh: boolean): number {
  if (mode === 'query') return queryKeywords(tokens, at, fresh);
  if (mode === 'alter') return alterKeywords(tokens, at);
  if (mode === 'list' || fresh || !canEnd(tokens[at - 1])) return 0;
  return phraseLength(AS_QUERY, tokens, at) || phraseLength(CREATE, tokens, at);
}

/** Tokens that `ALTER TABLE name` takes. */
function alterHead(tokens: readonly Token[], from: number): number {
  let at = from + 3;
  while (tokens[at]?.text === '.') at += 2;
  return at;
}

/**
 * The clauses between two tokens, one after the other without gaps. `close` gives, for each opening bracket, the index of
 * the bracket that closes it. Text that is no statement and no query is one clause.
 */
export function clausesOf(
  tokens: readonly Token[],
  from: number,
  to: number,
  close: ReadonlyMap<number, number>,
): Clause[] {
  let mode = modeOf(tokens[from], tokens[from + 1]);
  const alters = mode === 'alter';
  const starts: { start: number; body: number; nested: boolean }[] = [
    { start: from, body: from, nested: false },
  ];
  const first = starts[0];
  let at = from;
  if (first && mode === 'query') at = first.body = from + (phraseLength(SELECT, tokens, from) || 1);
  if (alters) {
    at = Math.min(alterHead(tokens, from), to);
    if (at < to) starts.push({ start: at, body: at, nested: true });
  }
  for (; at < to; at = (close.get(at) ?? at) + 1) {
    const open = starts.at(-1);
    const length = keywordsAt(tokens, at, mode, open?.body === at && at > from);
    if (length === 0) continue;
    if (open?.start === at) open.body = at + length;
    else starts.push({ start: at, body: at + length, nested: alters });
    const last = upperWord(tokens[at + length - 1]);
    if (mode !== 'query' && ['SELECT', 'DISTINCT', 'WITH', 'QUERY'].includes(last)) mode = 'query';
    at += length - 1;
  }
  return starts.map((clause, position) => ({
    ...clause,
    end: starts[position + 1]?.start ?? to,
    select: ['SELECT', 'DISTINCT'].includes(upperWord(tokens[clause.body - 1])) && clause.body > clause.start,
  }));
}
