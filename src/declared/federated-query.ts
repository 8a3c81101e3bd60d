/** The query of a view goes in, and what its tables are read through; the query over all members comes out, or why there is none. */
import { showPath } from '../model/object.ts';
import { type Join, type QuerySources, readSources, type Source } from '../sql/query-sources.ts';
import { identifier, qualified } from '../sql/quote.ts';
import { tokenName } from '../sql/token-name.ts';
import { type Token, TokenError, tokenize } from '../sql/tokens.ts';

/** What a table or view is read through. */
export interface ReadThrough {
  readonly path: readonly string[];
  /** Columns that `*` leaves out of the table, and not out of what it is read through. */
  readonly hidden?: readonly string[];
  /** The query that stands for the table with FINAL; absent where that is the same with FINAL. */
  readonly merged?: string;
  /** Why nobody can read it with FINAL. */
  readonly unmergeable?: string;
}

export interface Reading {
  /** In which names without one are looked up. */
  readonly database: string;
  /** Undefined for what is no table or view of the federation; a text says why it can't be read. */
  through(path: readonly string[]): ReadThrough | string | undefined;
  /** Whether it says the same wherever it is read, or of all members. */
  isOpen(path: readonly string[]): boolean;
}

interface Rewriting extends Reading, QuerySources {
  readonly tokens: readonly Token[];
}

/** What every server answers by what it has itself. */
const OWN_ANSWER =
  /^(?:dict[A-Z]\w*|joinGet\w*|hostName|fqdn|shardNum|shardCount|getMacro|uptime|tcpPort|serverUUID|currentDatabase|hasColumnInTable)$/;
/** Table functions that read nothing. */
const MAKES_ROWS = /^(?:numbers|numbers_mt|zeros|zeros_mt|values|null|generate_?series)$/i;
const QUANTIFIED = /^(?:ANY|ALL|SOME)$/i;
/** Joins in which each row of the left side is looked up by itself, so that each shard may do it for its own rows. */
const BY_LEFT_ROW = [
  ...['', 'ALL', 'INNER', 'ALL INNER', 'LEFT', 'ALL LEFT', 'LEFT OUTER', 'ANY LEFT', 'LEFT ANY', 'SEMI LEFT'],
  ...[
    'LEFT SEMI',
    'ANTI LEFT',
    'LEFT ANTI',
    'ASOF',
    'ASOF INNER',
    'ASOF LEFT',
    'LEFT ASOF',
    'ALL LEFT OUTER',
  ],
];

const full = ({ database }: Reading, path: readonly string[]): readonly string[] =>
  path.length === 1 ? [database, ...path] : path;

/** A CTE has its name before a table has it. */
const isNamed = ({ named }: QuerySources, { path, isCall }: Source): boolean =>
  path.length === 1 && named.has(path[0] ?? '') && !isCall;

function callProblem({ tokens }: Rewriting): string | undefined {
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== 'word' || tokens[at + 1]?.text !== '(') continue;
    if (OWN_ANSWER.test(text)) return `\`${text}\` is answered by each server from what it has itself`;
    const isQuery = /^(?:SELECT|WITH)$/i.test(tokens[at + 2]?.text ?? '');
    if (isQuery && (/^EXISTS$/i.test(text) || QUANTIFIED.test(text)))
      return `\`${text.toUpperCase()} (SELECT …)\` can't be asked of shards; write it as IN, or as a join`;
  }
  return undefined;
}

function joinProblem({ tokens }: Rewriting, { at, words }: Join): string | undefined {
  const kind = words.filter((word) => word !== 'GLOBAL').join(' ');
  if (words.includes(',')) return 'it joins by a comma; write JOIN … ON';
  // https://clickhouse.com/docs/sql-reference/operators/in#distributed-subqueries
  if (!BY_LEFT_ROW.includes(kind))
    return `${kind} JOIN, at \`${tokens[at]?.text}\`, gives other rows when each shard joins for itself`;
  return undefined;
}

/** Names with a database in front of a column find nothing any more: what is read has another name, and an alias. */
function columnProblem(rewriting: Rewriting, replaced: readonly Source[]): string | undefined {
  const { tokens } = rewriting;
  const begins = new Set(rewriting.sources.map(({ at }) => at));
  for (const source of replaced) {
    const [database, table] = full(rewriting, source.path);
    const isPath = (at: number): boolean =>
      tokenName(tokens[at]) === database &&
      tokens[at + 1]?.text === '.' &&
      tokenName(tokens[at + 2]) === table;
    if (tokens.some((_token, at) => !begins.has(at) && tokens[at - 1]?.text !== '.' && isPath(at)))
      return `it names columns of \`${database}.${table}\` with the database; give the table an alias`;
  }
  return undefined;
}

const isStar = (tokens: readonly Token[]): boolean =>
  tokens.some(
    ({ text }, at) =>
      (text === '*' && /^(?:,|\.|SELECT|DISTINCT)$/i.test(tokens[at - 1]?.text ?? '')) ||
      (/^COLUMNS$/i.test(text) && tokens[at + 1]?.text === '('),
  );

function sourceProblem(rewriting: Rewriting, source: Source): string | undefined {
  const { tokens } = rewriting;
  if (source.path.length === 0) return 'the name of a table is a parameter';
  const path = full(rewriting, source.path);
  const found = rewriting.through(path);
  if (typeof found === 'string') return found;
  // Servers store the call under one name, `database.view`, in which nobody finds the view again.
  if (found && source.isCall) return `it reads \`${showPath(path)}\` with parameters`;
  if (!found) {
    const makesRows = source.isCall && MAKES_ROWS.test(source.path.join('.'));
    if (makesRows || rewriting.isOpen(path)) return undefined;
    if (source.isCall) return `it reads the table function \`${showPath(source.path)}\``;
    return `it reads \`${showPath(path)}\`, which the federation does not cover`;
  }
  if (source.path.length === 1 && rewriting.named.has(source.path[0] ?? ''))
    return `\`${source.path[0]}\` is a table and the name of a WITH`;
  if (found.hidden?.length && isStar(tokens))
    return `it takes \`*\`, which would have ${found.hidden.join(', ')} of \`${showPath(path)}\` as well; name the columns`;
  if (source.final === undefined) return undefined;
  const beside = source.isSample ? 'SAMPLE' : tokens.find(({ text }) => /^PREWHERE$/i.test(text))?.text;
  if (found.unmergeable !== undefined) return found.unmergeable;
  return beside === undefined ? undefined : `it has ${beside.toUpperCase()} beside FINAL`;
}

function problemOf(rewriting: Rewriting, sources: readonly Source[]): string | undefined {
  const { memberships, joins, named, isUnclear } = rewriting;
  if (isUnclear) return 'its FROM is not understood';
  const ofSources = sources.map((source) => sourceProblem(rewriting, source));
  const ofMemberships = memberships.map(({ name, isCall, isQuery }) => {
    if (isCall && isQuery) return '`in` is written as a function; write it as an operator';
    const table =
      name && !(name.length === 1 && named.has(name[0] ?? '')) ? full(rewriting, name) : undefined;
    const isTable = table !== undefined && rewriting.through(table) !== undefined;
    return isTable ? `it has \`IN ${showPath(table)}\`; write \`IN (SELECT … FROM …)\`` : undefined;
  });
  const all = [...ofSources, callProblem(rewriting), ...ofMemberships, columnProblem(rewriting, sources)];
  return [...all, ...joins.map((join) => joinProblem(rewriting, join))].find((one) => one !== undefined);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function replaced(rewriting: Rewriting, source: Source): Edit[] {
  const { tokens } = rewriting;
  const through = rewriting.through(full(rewriting, source.path));
  if (through === undefined || typeof through === 'string') return [];
  const [first, last, final] = [tokens[source.at], tokens[source.end - 1], tokens[source.final ?? -1]];
  if (!first || !last) return [];
  const isMerged = final !== undefined && through.merged !== undefined;
  const text = isMerged ? `(${through.merged})` : qualified(through.path);
  // Columns are named by the table's name, where it has no alias.
  const alias = source.alias === undefined ? ` AS ${identifier(source.path.at(-1) ?? '')}` : '';
  return [
    { start: first.start, end: last.end, text: text + alias },
    ...(isMerged ? [{ start: final.start, end: final.end, text: '' }] : []),
  ];
}

/** With GLOBAL, what stands there is read once, on the reading node, and sent to all shards. */
function global({ tokens, joins, memberships, named }: Rewriting): Edit[] {
  const asked = memberships.filter(
    ({ isGlobal, isQuery, name }) => !isGlobal && (isQuery || named.has(name?.[0] ?? '')),
  );
  return [...joins.filter(({ words }) => !words.includes('GLOBAL')), ...asked].flatMap(({ at }) => {
    const start = tokens[at]?.start ?? 0;
    return [{ start, end: start, text: 'GLOBAL ' }];
  });
}

/** Undefined where the query reads nothing that has to be read through something else. */
export function federatedQuery(
  query: string,
  reading: Reading,
): { readonly query: string } | { readonly why: string } | undefined {
  try {
    const tokens = tokenize(query);
    const rewriting: Rewriting = { ...reading, ...readSources(tokens), tokens };
    const covers = (source: Source): boolean => reading.through(full(reading, source.path)) !== undefined;
    if (!rewriting.isUnclear && !rewriting.sources.some(covers)) return undefined;
    const sources = rewriting.sources.filter((source) => covers(source) || !isNamed(rewriting, source));
    const why = problemOf(rewriting, sources);
    if (why !== undefined) return { why };
    const edits = [...sources.flatMap((source) => replaced(rewriting, source)), ...global(rewriting)];
    const text = edits
      .sort((a, b) => b.start - a.start || b.end - a.end)
      .reduce((all, { start, end, text }) => all.slice(0, start) + text + all.slice(end), query);
    return { query: text };
  } catch (error) {
    if (error instanceof TokenError) return { why: error.message };
    throw error;
  }
}
