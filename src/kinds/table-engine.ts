/** What is known of table engines: their families, and what each lets ALTER change. */
import { Cursor } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';
import type { Around } from './kind.ts';
import { hasSecret, isHidden, sameValue } from './secret.ts';

export interface Engine {
  readonly name: string;
  /** As written between the parentheses; empty when there are none. */
  readonly parameters: string;
}

/** Splits `ReplacingMergeTree(version)`. */
export function engineOf(text: string): Engine {
  const cursor = new Cursor(text);
  const name = cursor.name();
  return { name, parameters: cursor.ended ? '' : cursor.parenthesized() };
}

export function isMergeTree(engine: string): boolean {
  return engineOf(engine).name.endsWith('MergeTree');
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Engines that keep no rows, or keep them elsewhere: creating them anew loses nothing that is not flushed first. */
const DATALESS = new Set(
  words(`
    Null Distributed Remote RemoteSecure Merge Buffer Alias Dictionary Loop QueryRunner
    Kafka NATS RabbitMQ URL S3 GCS COSN OSS HDFS AzureBlobStorage
    Hudi DeltaLake DeltaLakeS3 DeltaLakeAzure DeltaLakeLocal Paimon PaimonS3 PaimonAzure PaimonHDFS PaimonLocal
    MySQL PostgreSQL MongoDB Redis ODBC JDBC SQLite ExternalDistributed YTsaurus ArrowFlight
    Executable ExecutablePool GenerateRandom FuzzJSON FuzzQuery`),
);

/** Whether dropping or creating the table anew loses what nobody else has. Engines that are not known hold rows. */
export function holdsRows(engine: string): boolean {
  return !DATALESS.has(engineOf(engine).name);
}

/** Engines whose columns ALTER can change; the others (the Log family, Set, Join …) take nothing but comments. */
const ALTERABLE = new Set(words('Null Distributed Remote RemoteSecure Merge Buffer Memory'));

export function altersColumns(engine: string): boolean {
  return isMergeTree(engine) || ALTERABLE.has(engineOf(engine).name);
}

/** Engines whose first so many parameters name clusters, databases and tables. */
const NAMING = new Map([
  ['Distributed', 3],
  ['Buffer', 2],
  ['Merge', 1],
  ['Dictionary', 1],
  ['Alias', 2],
]);

/** The engine as servers store it, who write names among its parameters as strings: `Merge(shop, '^t')`. */
export function storedEngine(text: string): string {
  const { name, parameters } = engineOf(text);
  const names = NAMING.get(name);
  if (names === undefined) return text;
  const list = new Cursor(parameters);
  const stored: string[] = [];
  while (!list.ended) {
    const token = list.peek();
    const parameter = list.expression();
    const isName = stored.length < names && parameter === token?.text && token.kind !== 'string';
    stored.push(isName ? literal(token.kind === 'quoted' ? unquote(parameter) : parameter) : parameter);
    if (!list.takes(',')) break;
  }
  return `${name}(${stored.join(', ')})`;
}

/** What servers show in place of a password; nobody knows what it stands for. */
export const HIDDEN = "'[HIDDEN]'";

/** Whether a piece that a server shows can be the desired one. */
const sameShown = (live: string, desired: string | undefined): boolean =>
  desired !== undefined && sameValue(live, desired);

/** Only MergeTree means a column where it says `v`; elsewhere `shop` and `'shop'` are one name. */
function comparable(text: string): string[] {
  const { name, parameters } = engineOf(text);
  const plain = ({ kind, text }: Token): string =>
    !isMergeTree(name) && (kind === 'string' || kind === 'quoted') ? unquote(text) : text;
  return [name, ...tokenize(parameters).map(plain)];
}

/** Engines that find out the format of their files and write it down behind what was declared. */
const FINDS_FORMAT = /^(S3|GCS|COSN|OSS|HDFS|URL|AzureBlobStorage|Hudi|(Iceberg|DeltaLake|Paimon)\w*)$/;

/** `Buffer(shop, orders, …)` and `Buffer('shop', 'orders', …)` are one engine, so are `Memory` and `Memory()`. */
export function sameEngine(live: string, desired: string): boolean {
  if (live === desired) return true;
  const [a, b] = [comparable(live), comparable(desired)];
  const found = FINDS_FORMAT.test(b[0] ?? '') && a.length === b.length + 2 && a.at(-2) === ',' ? 2 : 0;
  const shown = a.slice(0, a.length - found);
  return shown.length === b.length && shown.every((text, at) => sameShown(text, b[at]));
}

/** A queue keeps every setting that was once set, with its default after a RESET: one that is not declared says nothing. */
export function keepsSettings(engine: string): boolean {
  return /^(S3|Azure)Queue$/.test(engineOf(engine).name);
}

type Settings = Readonly<Record<string, string>>;

/** `8192` and `'8192'` are one value. */
const plainValue = (value: string | undefined): string | undefined =>
  value?.startsWith("'") ? unquote(value) : value;

/** A disk that is defined in place has hidden pieces of its own. */
export function sameSetting(live: string | undefined, desired: string | undefined): boolean {
  if (live === desired || plainValue(live) === plainValue(desired)) return true;
  if (live === undefined || desired === undefined || !(isHidden(live) || hasSecret(desired))) return false;
  const [a, b] = [tokenize(live), tokenize(desired)];
  return a.length === b.length && a.every(({ text }, at) => sameShown(text, b[at]?.text));
}

/** Settings of which the server hides the value can't be compared; a queue drops a prefix that older versions had. */
export function sameSettings(
  live: Settings | undefined = {},
  desired: Settings | undefined = {},
  around?: Around,
): boolean {
  const isQueue = keepsSettings(String(around?.to.root.attributes.engine ?? 'MergeTree'));
  const plain = (settings: Settings): Map<string, string> =>
    new Map(Object.entries(settings).map(([name, value]) => [name.replace(/^s3queue_/, ''), value]));
  const [a, b] = [plain(live), plain(desired)];
  const names = isQueue ? b.keys() : new Set([...a.keys(), ...b.keys()]);
  return [...names].every((name) => sameSetting(a.get(name), b.get(name)));
}

/** `(k)` and `k` are one key, so are `tuple(a, b DESC)` and `(a, b DESC)`. */
export function keyParts(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const outer = new Cursor(text);
  outer.takes('tuple');
  if (!outer.sees('(')) return [text];
  const inner = outer.parenthesized();
  if (!outer.ended) return [text];
  return new Cursor(inner).list();
}

export function sameKey(a: string | undefined, b: string | undefined): boolean {
  return a === b || JSON.stringify(keyParts(a)) === JSON.stringify(keyParts(b));
}
