/** Takes an engine apart into the plain member of the MergeTree family and how it is replicated, and puts it together again. */
import type { Engines } from '../model/estate.ts';
import type { Tree } from '../model/object.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { TokenError, tokenize } from '../sql/tokens.ts';
import type { Action, Around } from './kind.ts';
import { engineOf, isMergeTree } from './table-engine.ts';

export type Replicated = Readonly<{
  /** The plain member of the family, such as `ReplacingMergeTree(version)`, or any other engine. */
  engine: string;
  /** `Replicated('/path', '{replica}')`, `Replicated`, `Shared(…)`; undefined for a plain table. */
  replication: string | undefined;
  /**
   * Whose choice that is: where it is the cluster's, another path is no difference; where it is the server's, nothing is.
   * Undefined in what is live, and in what is declared for no cluster in particular.
   */
  chosenBy: 'declaration' | 'cluster' | 'server' | undefined;
}>;

/** Where a declared object stands. */
export interface Surroundings {
  readonly engines: Engines;
  /** Of the object's database, as declared or live. */
  readonly databaseEngine: string | undefined;
}

const PREFIX = /^(Replicated|Shared)(?=\w*MergeTree$)/;

/** The path and the replica's name, where a list of parameters begins with them, and what follows. */
function splitParameters(parameters: string): readonly [placement: string, rest: string] {
  const cursor = new Cursor(parameters);
  const isPair = cursor.peek()?.kind === 'string' && cursor.peek(2)?.kind === 'string';
  if (!isPair || cursor.peek(1)?.text !== ',' || (cursor.peek(3)?.text ?? ',') !== ',')
    return ['', parameters];
  const path = cursor.expression();
  cursor.expect(',');
  const placement = `${path}, ${cursor.expression()}`;
  cursor.takes(',');
  return [placement, cursor.rest()];
}

/** `ReplicatedReplacingMergeTree('/path', '{replica}', v)` → `ReplacingMergeTree(v)` and `Replicated('/path', '{replica}')`. */
export function splitEngine(text: string): Pick<Replicated, 'engine' | 'replication'> {
  try {
    const { name, parameters } = engineOf(text);
    const prefix = PREFIX.exec(name)?.[1];
    if (prefix === undefined) return { engine: text, replication: undefined };
    const [placement, rest] = splitParameters(parameters);
    const list = rest || (!placement && text.includes('(')) ? `(${rest})` : '';
    return {
      engine: `${name.slice(prefix.length)}${list}`,
      replication: placement ? `${prefix}(${placement})` : prefix,
    };
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError)
      return { engine: text, replication: undefined };
    throw error;
  }
}

/** The engine as a statement says it. */
export function joinEngine({ engine, replication }: Pick<Replicated, 'engine' | 'replication'>): string {
  if (replication === undefined) return engine;
  const [prefix, member] = [engineOf(replication), engineOf(engine)];
  const parameters = [prefix.parameters, member.parameters].filter((text) => text !== '').join(', ');
  return `${prefix.name}${member.name}${parameters || engine.includes('(') ? `(${parameters})` : ''}`;
}

/** A name as one step of a path: what would make another step or a macro of it is written otherwise. */
function pathStep(name: string): string {
  const encoded = [...name].map((letter) =>
    /[/{}%\p{Cc}]/u.test(letter) ? encodeURIComponent(letter) : letter,
  );
  return /^\.+$/.test(name) ? name.replaceAll('.', '%2E') : encoded.join('');
}

function fromTemplate(engines: Engines & { as: 'replicated' }, path: readonly string[]): string {
  const [database = '', name = ''] = path.map(pathStep);
  const fill = (text: string): string =>
    literal(text.replace(/\{(database|table)\}/g, (_macro, what) => (what === 'database' ? database : name)));
  return `Replicated(${fill(engines.path)}, ${fill(engines.replica)})`;
}

/** Databases that choose paths themselves and create what is in them on all of their nodes. */
export function isReplicatedDatabase(engine: string | undefined): boolean {
  return /^(Replicated|Shared)\b/.test(engine ?? '');
}

/** How a declared table of the MergeTree family is replicated where it stands; other engines stay as they are. */
export function replicateOn<A extends { readonly [K in keyof Replicated]: Replicated[K] | undefined }>(
  attributes: A,
  path: readonly string[],
  { engines, databaseEngine }: Surroundings,
): A {
  const { engine, replication, chosenBy } = attributes;
  if (engine === undefined || !isMergeTree(engine)) return attributes;
  if (engines.as === 'shared' || engines.as === 'any') return { ...attributes, chosenBy: 'server' };
  if (chosenBy === 'declaration') return attributes;
  const template = engines.as === 'replicated' ? fromTemplate(engines, path) : undefined;
  if (replication?.includes('(') && replication !== template)
    return { ...attributes, chosenBy: 'declaration' };
  if (replication === undefined && template === undefined) return { ...attributes, chosenBy: 'declaration' };
  const chosen = isReplicatedDatabase(databaseEngine) ? 'Replicated' : (template ?? replication);
  return { ...attributes, replication: chosen, chosenBy: 'cluster' };
}

/** What a declaration says of the live table: nothing where its cluster says the same. */
export function leftToCluster<A extends Replicated>(
  attributes: A,
  path: readonly string[],
  engines: Engines,
): A {
  const { replication } = attributes;
  if (engines.as === 'shared' || engines.as === 'any') return { ...attributes, replication: undefined };
  if (engines.as !== 'replicated') return attributes;
  if (replication === undefined) return { ...attributes, chosenBy: 'declaration' };
  return isOnePath(replication, fromTemplate(engines, path), path)
    ? { ...attributes, replication: undefined }
    : attributes;
}

/** Servers write `{database}` and `{table}` out when a table is created, so that it can be renamed. */
function writtenOut(replication: string, [database = '', name = '']: readonly string[]): string[] {
  const { name: prefix, parameters } = engineOf(replication);
  const texts = tokenize(parameters).filter(({ kind }) => kind === 'string');
  const fill = (text: string): string =>
    unquote(text).replaceAll('{database}', database).replaceAll('{table}', name);
  return [prefix, ...texts.map(({ text }) => fill(text))];
}

/** Whether both, said of a table of that name, mean the same path and name of a replica. */
export function isOnePath(a: string, b: string, path: readonly string[]): boolean {
  return JSON.stringify(writtenOut(a, path)) === JSON.stringify(writtenOut(b, path));
}

export function sameReplication(
  live: string | undefined,
  desired: string | undefined,
  { to }: Pick<Around, 'to'>,
): boolean {
  const { chosenBy } = to.root.attributes;
  if (live === desired || chosenBy === 'server') return true;
  if (live === undefined || desired === undefined) return false;
  if (chosenBy === 'cluster') return live.startsWith('Replicated');
  return isOnePath(live, desired, to.root.id.path);
}

/** No ALTER makes a table replicated or plain, or moves it in Keeper. */
export function changeReplication(from: string | undefined, to: string | undefined): Action {
  if (to === undefined) {
    return {
      refuse:
        'the table is replicated, and no ALTER makes it plain: declare `engines: replicated` for its cluster, or the engine that is live',
    };
  }
  if (from === undefined) {
    return {
      refuse:
        'the table is plain, and no ALTER makes it replicated: on each node DETACH TABLE, ATTACH TABLE … AS REPLICATED and SYSTEM RESTORE REPLICA do, or declare `replicated: false`',
    };
  }
  return { refuse: "ClickHouse can't change the path or the replica's name of an existing table" };
}

/** What tells the replicas of a table from other tables; undefined for a table that has none. */
export function replicationOf({ root }: Tree): string | undefined {
  const { replication } = root.attributes;
  return typeof replication === 'string' ? replication : undefined;
}

/** A CREATE statement for a server without Keeper: the plain member of the family, an ordinary database. */
export function unreplicated(statement: string): string {
  const tokens = tokenize(statement);
  const at = tokens.findIndex(({ text }, index) => text === 'ENGINE' && tokens[index + 1]?.text === '=') + 2;
  const engine = tokens[at];
  if (at < 2 || !engine || !/^(Replicated|Shared)/.test(engine.text)) return statement;
  const cursor = new Cursor(statement.slice(engine.start));
  cursor.name();
  const from = cursor.peek()?.start ?? 0;
  const list = cursor.sees('(') ? `(${cursor.parenthesized()})` : '';
  const plain = /^(Replicated|Shared)$/.test(engine.text) ? 'Atomic' : splitEngine(engine.text + list).engine;
  const end = list ? (cursor.peek()?.start ?? cursor.source.length) : from || cursor.source.length;
  return `${statement.slice(0, engine.start)}${plain} ${cursor.source.slice(end)}`.trimEnd();
}
