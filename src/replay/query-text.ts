/** The text of a query goes in; what of it matters for asking it twice comes out. */
import { type Token, tokenize } from '../sql/tokens.ts';

/** Their answers are another one every time, or depend on who asks whom. */
const UNREPEATABLE =
  /^(now|now64|nowinblock|today|yesterday|utctimestamp|utc_timestamp|current_timestamp|curdate|rand\w*|generaterandom|generate(uuidv[47]|ulid|snowflakeid)\w*|random\w+|fuzz\w+|hostname|fqdn|serveruuid|uptime|version|currentuser|user|currentdatabase|connectionid|queryid|initialqueryid|tcpport|servertimezone|getmacro|rownumberin\w+|block(number|size)|running\w+|neighbor|any|anylast|any_respect_nulls|first_value|last_value|grouparray\w*|groupuniqarray|topk\w*|quantiles?|median|zookeepersessionuptime)$/;

/** They read something else than the tables of the server that is asked. */
const OUTSIDE =
  /^(url\w*|s3\w*|gcs|azureblobstorage\w*|hdfs\w*|file|filecluster|remote|remotesecure|cluster|clusterallreplicas|mysql|postgresql|mongodb|jdbc|odbc|sqlite|redis|deltalake\w*|iceberg\w*|hudi\w*|paimon\w*|executable|input|arrowflight|ytsaurus)$/;

const lower = ({ text }: Token): string => text.toLowerCase();

const isWord = (token: Token | undefined, word: string): boolean =>
  token?.kind === 'word' && lower(token) === word;

/** Names before an opening parenthesis. */
function calls(tokens: readonly Token[], names: RegExp): string[] {
  const found = tokens.filter(
    (token, at) => token.kind === 'word' && tokens[at + 1]?.text === '(' && names.test(lower(token)),
  );
  return [...new Set(found.map(({ text }) => text))];
}

/** Whether a LIMIT cuts rows off that nothing has put in an order. */
function hasOpenLimit(tokens: readonly Token[]): boolean {
  const ordered = [false];
  return tokens.some((token, at) => {
    if (token.text === '(') ordered.push(false);
    if (token.text === ')' && ordered.length > 1) ordered.pop();
    if (isWord(token, 'select') || isWord(token, 'union')) ordered[ordered.length - 1] = false;
    if (isWord(token, 'order') && isWord(tokens[at + 1], 'by')) ordered[ordered.length - 1] = true;
    return isWord(token, 'limit') && ordered.at(-1) === false;
  });
}

/** Tokens outside parentheses. */
function outermost(tokens: readonly Token[]): Token[] {
  let depth = 0;
  return tokens.filter(({ text }) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return depth === 0 && text !== ')';
  });
}

export interface QueryText {
  /** Without FORMAT, which is for whoever asks. */
  readonly text: string;
  readonly isOrdered: boolean;
  /** Why two answers may differ. */
  readonly unrepeatable: readonly string[];
  /** Table functions that read from elsewhere. */
  readonly outside: readonly string[];
}

/** Throws a TokenError. */
export function readQuery(source: string): QueryText {
  const all = tokenize(source);
  const tokens = all.at(-1)?.text === ';' ? all.slice(0, -1) : all;
  const outer = outermost(tokens);
  const format = outer.findIndex(
    (token, at) =>
      isWord(token, 'format') &&
      outer[at + 1]?.kind === 'word' &&
      (outer[at + 2] === undefined || isWord(outer[at + 2], 'settings')),
  );
  const [from, to] = [outer[format], outer[format + 1]];
  const end = tokens.at(-1)?.end ?? 0;
  const text =
    from && to && format >= 0
      ? `${source.slice(0, from.start)}${source.slice(to.end, end)}`
      : source.slice(0, end);
  const limit = hasOpenLimit(tokens) ? ['LIMIT without ORDER BY'] : [];
  const functions = calls(tokens, UNREPEATABLE).map((name) => `${name}()`);
  return {
    text: text.trim(),
    isOrdered: outer.some((token, at) => isWord(token, 'order') && isWord(outer[at + 1], 'by')),
    unrepeatable: [...functions, ...limit],
    outside: calls(tokens, OUTSIDE),
  };
}

/** Whether it only reads: SELECT, or WITH … SELECT. */
export function isSelect(source: string): boolean {
  const [first] = tokenize(source).filter(({ text }) => text !== '(');
  return isWord(first, 'select') || isWord(first, 'with');
}

/** The queries of a file, each ended by a semicolon; the last one needs none. */
export function queriesOf(source: string): string[] {
  const ends = tokenize(source).filter(({ text, kind }) => kind === 'symbol' && text === ';');
  const starts = [0, ...ends.map(({ end }) => end)];
  return starts
    .map((start, at) => source.slice(start, ends[at]?.start ?? source.length).trim())
    .filter((text) => tokenize(text).length > 0);
}

/** A server's reason without what stood in the query as a literal, nor any other value: only names that the query itself says stay. */
export function withoutValues(reason: string, normal: string): string {
  const [head = ''] = reason.split(/ In scope | in scope |: In scope|: while executing|Maybe you meant/i);
  return head
    .replace(/'((?:[^'\\]|\\.)*)'/g, (quoted, inside: string) =>
      inside !== '' && normal.includes(inside) ? quoted : "'?'",
    )
    .replace(/(^code \d+)|\b\d[\d.]*\b/g, (number, code: string | undefined) =>
      code === undefined && !normal.includes(number) ? '?' : number,
    )
    .replace(/\s+/g, ' ')
    .trim();
}
