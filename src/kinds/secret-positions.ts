/** A table or database engine, or a setting, goes in; the pieces of its text that are secrets come out. */
import type { Tree } from '../model/object.ts';
import { unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';

export interface SecretPosition {
  /** Offsets in the given text, inside the quotes; a connection string is a secret in a part of it only. */
  readonly start: number;
  readonly end: number;
  /** For people: `the password`, `AccountKey`, `the header X` … */
  readonly what: string;
  /**
   * Whether servers show `[HIDDEN]` in its place, as 26.7 does in its query log and in system.tables. A secret where they do
   * not can be read by everybody who may see the table.
   */
  readonly masked: boolean;
}

type Argument = readonly Token[];

/** The lists that stand between the outermost parentheses of `Name(a, b(c, d))`, as tokens. */
function argumentsOf(tokens: readonly Token[], from: number): Argument[] {
  const list: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens.slice(from)) {
    if (token.kind === 'symbol' && '([{'.includes(token.text)) depth++;
    if (token.kind === 'symbol' && ')]}'.includes(token.text)) depth--;
    if (depth === 0) break;
    if (depth === 1 && token.text === '(' && list.length === 1 && list[0]?.length === 0) continue;
    if (depth === 1 && token.text === ',') list.push([]);
    else list.at(-1)?.push(token);
  }
  return list.filter((argument) => argument.length > 0);
}

const PASSWORD = 'the password';
const KEY = 'the secret key';

/** Where engines take a secret by position, from 0. */
const BY_POSITION: Readonly<Record<string, readonly [at: number, what: string]>> = {
  MySQL: [4, PASSWORD],
  PostgreSQL: [4, PASSWORD],
  MaterializedPostgreSQL: [4, PASSWORD],
  MongoDB: [4, PASSWORD],
  Redis: [2, PASSWORD],
  ArrowFlight: [3, PASSWORD],
  ExternalDistributed: [5, PASSWORD],
  YTsaurus: [2, 'the token'],
  JDBC: [0, 'the connection'],
  ODBC: [0, 'the connection'],
};

/** Database engines name no table, so that the password comes one earlier. */
const OF_DATABASES: typeof BY_POSITION = {
  MySQL: [3, PASSWORD],
  PostgreSQL: [3, PASSWORD],
  MaterializedPostgreSQL: [3, PASSWORD],
  DataLakeCatalog: [2, PASSWORD],
};

const S3_LIKE = /^(S3|S3Queue|COSN|OSS|GCS|Hudi|URL|(Iceberg|DeltaLake|Paimon)(S3)?)$/;
const AZURE_LIKE = /^(AzureBlobStorage|AzureQueue|(Iceberg|DeltaLake|Paimon)Azure)$/;

/** What stands where a key could: a format, a compression, or the word for none of both. */
const NO_KEY =
  /^(auto|none|gzip|gz|deflate|brotli|br|lzma|xz|zstd|zst|lz4|bz2|snappy|NOSIGN|One|(CSV|TSV|TSKV|Raw|TabSeparated|CustomSeparated|JSON|NDJSON|GeoJSON|BSON|Parquet|Arrow|ORC|Avro|Native|Npy|RowBinary|Protobuf|CapnProto|MsgPack|Values|Template|LineAsString|Regexp|Form|DWARF|MySQL|PostgreSQL|SQLInsert|XML|Pretty|Vertical|Markdown|Prometheus|Buffers|Hash|Null)\w*)$/i;

/** `password = '…'` behind the name of a collection, or among the settings of a disk. */
const SECRET_NAME =
  /(^|_)(password|secret|token|credential|credentials|key|key_hex|secret_access_key|access_key|account_key|connection_string|header|auth_header|credential_file|sas|signature)$/;
const NO_SECRET_NAME = /(^|_)(primary_key|tag_key|routing_key|routing_key_list|access_key_id)$/;

const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name);

/** Secrets inside a text: the password of an address, the parameters of a signed one, the keys of a connection string. */
const INSIDE: readonly [pattern: RegExp, what: string, masked: boolean][] = [
  [/:\/\/[^/@:'\s]*:([^@'\s]+)@/dg, 'the password in the address', true],
  [/[?&]X-Amz-(?:Signature|Security-Token)=([^&'\s]+)/dgi, 'the signature in the address', true],
  [/[?&]sig=([^&'\s]+)/dgi, 'the signature in the address', false],
  [/\bAccountKey=([^;'\s]+)/dgi, 'AccountKey', true],
  [/\bSharedAccessSignature=([^;'\s]+)/dgi, 'SharedAccessSignature', true],
];

/** Engines whose addresses and keys 26.7 shows to everybody. */
const SHOWN = /^(HDFS|(Iceberg|Paimon)(Azure|HDFS)|DeltaLakeAzure)$/;

const stringOf = (argument: Argument | undefined): Token | undefined =>
  argument?.length === 1 && argument[0]?.kind === 'string' ? argument[0] : undefined;

const whole = (token: Token, what: string, masked = true): SecretPosition => ({
  start: token.start + 1,
  end: token.end - 1,
  what,
  masked,
});

function inside(token: Token, masked: boolean): SecretPosition[] {
  return INSIDE.flatMap(([pattern, what, isMasked]) =>
    [...token.text.matchAll(pattern)].flatMap((match) => {
      const [start, end] = match.indices?.[1] ?? [0, 0];
      return { start: token.start + start, end: token.start + end, what, masked: masked && isMasked };
    }),
  );
}

/** `name = '…'`, at any depth; those in `headers(…)` and `extra_credentials(…)` have names of their own. */
function named(tokens: readonly Token[]): SecretPosition[] {
  const within: string[] = [];
  return tokens.flatMap((token, at) => {
    if (token.text === '(') within.push(tokens[at - 1]?.text ?? '');
    if (token.text === ')') within.pop();
    const [name, equals] = [tokens[at - 2], tokens[at - 1]];
    if (token.kind !== 'string' || equals?.text !== '=' || !name) return [];
    const key = name.kind === 'word' ? name.text : unquote(name.text);
    if (within.at(-1) === 'headers') return [whole(token, `the header ${key}`)];
    const masked = within.at(-1) !== 'extra_credentials';
    return isSecretName(key.toLowerCase()) ? [whole(token, key, masked)] : [];
  });
}

/** The keys behind the address of an object storage; formats and compressions stand in the same places. */
function keysOf(name: string, list: readonly Argument[]): SecretPosition[] {
  const isKey = (at: number): Token | undefined => {
    const token = stringOf(list[at]);
    return token && !NO_KEY.test(unquote(token.text)) ? token : undefined;
  };
  if (AZURE_LIKE.test(name)) {
    const key = isKey(3) && isKey(4);
    return key ? [whole(key, KEY, !SHOWN.test(name))] : [];
  }
  const id = list[1]?.[0];
  if (!S3_LIKE.test(name) || id?.kind !== 'string' || NO_KEY.test(unquote(id.text))) return [];
  const [key, token] = [isKey(2), isKey(3)];
  const masked = name !== 'URL';
  return [
    ...(key ? [whole(key, KEY, masked)] : []),
    ...(key && token ? [whole(token, 'the session token', masked)] : []),
  ];
}

/** `Remote('host', database, table, 'user', 'password')`, or with `database.table` in one. */
function remotePassword(list: readonly Argument[]): Token | undefined {
  const both = list[1] && (list[1].length > 1 || unquote(list[1][0]?.text ?? '').includes('.'));
  return stringOf(list[both ? 3 : 4]);
}

/**
 * The secrets of an engine such as `MySQL('host:3306', 'shop', 'orders', 'reader', 'secret')`, whatever stands for them: a
 * password, a reference to one, or `[HIDDEN]`. Throws `TokenError` for text that is no SQL.
 */
export function secretPositions(engine: string, of: 'table' | 'database' = 'table'): SecretPosition[] {
  const tokens = tokenize(engine);
  const name = tokens[0]?.text ?? '';
  const list = argumentsOf(tokens, 1);
  const [at, what] = (of === 'database' ? OF_DATABASES[name] : BY_POSITION[name]) ?? [];
  const positional = at === undefined ? undefined : stringOf(list[at]);
  const remote = /^Remote(Secure)?$/.test(name) ? remotePassword(list) : undefined;
  const found = [
    ...(positional && what ? [whole(positional, what)] : []),
    ...(remote ? [whole(remote, PASSWORD)] : []),
    ...keysOf(name, list),
    ...named(tokens),
  ];
  const isFound = (token: Token): boolean => found.some(({ start }) => start === token.start + 1);
  const strings = tokens.filter((token) => token.kind === 'string' && !isFound(token));
  return [...found, ...strings.flatMap((token) => inside(token, !SHOWN.test(name)))];
}

/** The secrets in the value of a setting, given as SQL: `kafka_sasl_password = 'x'`, `disk = disk(…)`, `nats_url = '…'`. */
export function secretPositionsOfSetting(name: string, value: string): SecretPosition[] {
  const tokens = tokenize(value);
  const [only] = tokens;
  if (tokens.length === 1 && only?.kind === 'string' && isSecretName(name)) return [whole(only, name)];
  return [
    ...named(tokens),
    ...tokens.filter(({ kind }) => kind === 'string').flatMap((text) => inside(text, true)),
  ];
}

/** The secrets of a dictionary's source: `PASSWORD '…'`, however deep, and those inside addresses. */
function secretPositionsOfSource(source: string): SecretPosition[] {
  const tokens = tokenize(source);
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'string') return [];
    const isPassword = tokens[at - 1]?.text.toUpperCase() === 'PASSWORD';
    return isPassword ? [whole(token, PASSWORD)] : inside(token, false);
  });
}

export interface LiteralSecret {
  readonly what: string;
  /** The path of the declaration's key that holds it. */
  readonly key: readonly string[];
}

/** Empty, a reference, or what a server hides: no secret can be read there. */
const isHarmless = (text: string): boolean => text === '' || /^\[HIDDEN\]$|\{secret:\w+\}/.test(text);

/** Secrets that stand in the storage of a declared object for everybody to read. Throws `TokenError`. */
export function literalSecrets({ root: { id, attributes } }: Tree): LiteralSecret[] {
  const found: LiteralSecret[] = [];
  const look = (text: string, positions: readonly SecretPosition[], key: readonly string[]): void => {
    const readable = positions.filter(({ start, end }) => !isHarmless(text.slice(start, end)));
    found.push(...readable.map(({ what }) => ({ what, key })));
  };
  const { engine, settings, source, values } = attributes;
  if (typeof source === 'string') look(source, secretPositionsOfSource(source), ['source']);
  for (const [name, value] of Object.entries(typeof values === 'object' ? values : {})) {
    const [only] = tokenize(String(value));
    if (only && isSecretName(name.toLowerCase())) look(only.text, [whole(only, name)], ['values', name]);
  }
  if (typeof engine === 'string') {
    look(engine, secretPositions(engine, id.kind === 'database' ? 'database' : 'table'), ['engine']);
  }
  for (const [name, value] of Object.entries(typeof settings === 'object' ? settings : {})) {
    look(String(value), secretPositionsOfSetting(name, String(value)), ['settings', name]);
  }
  return found;
}
