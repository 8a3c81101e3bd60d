/** A declared object goes in; what lint rules ask of it comes out, read from the SQL as its author wrote it. */
import { describeNames, type NamesDeclaration } from '../kinds/access-names.ts';
import { describeElements, type Elements } from '../kinds/access-settings.ts';
import type { Column } from '../kinds/column-text.ts';
import type { Dictionary as DictionaryAttributes } from '../kinds/dictionary.ts';
import { grantOf, rolesGranted } from '../kinds/grant-form.ts';
import type { MaterializedView } from '../kinds/materialized-view.ts';
import { nameOf } from '../kinds/paths-read.ts';
import { holds, targetOf } from '../kinds/rights.ts';
import type { RowCover } from '../kinds/row-cover.ts';
import { coversOf } from '../kinds/row-covers.ts';
import { type RowPolicy, rowPolicyTarget } from '../kinds/row-policy.ts';
import type { Storage } from '../kinds/storage.ts';
import { engineOf, keyParts } from '../kinds/table-engine.ts';
import { columnTypes } from '../kinds/view-text.ts';
import type { DeclaredObject } from '../model/estate.ts';
import { isAccess, type ObjectId, pathKey, type StateObject, type Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { type Token, tokenize } from '../sql/tokens.ts';
import { columnNamed, type LintColumn } from './column.ts';
import { type Query, readQuery } from './query.ts';

export interface Table {
  /** `ReplacingMergeTree`, also where the engine is its Replicated or Shared form. */
  readonly engine: string;
  /** As written: quoted names and strings keep their quotes. */
  readonly parameters: readonly string[];
  readonly columns: readonly LintColumn[];
  readonly orderBy: readonly string[];
  readonly primaryKey: readonly string[];
  readonly partitionBy: readonly string[];
  /** The rules of the TTL, each `expression [action]`. */
  readonly ttl: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  readonly indexes: readonly StateObject[];
  readonly projections: readonly StateObject[];
}

export interface View {
  readonly query: Query;
  /** The table it writes to. */
  readonly target?: readonly string[];
  /** Names of the declared columns, in order; absent where they follow from the query. */
  readonly columns?: readonly string[];
  readonly populate: boolean;
  /** Absent for views that follow inserts, and for plain ones. */
  readonly schedule?: string;
  readonly append: boolean;
  readonly sqlSecurity?: string;
}

export interface Dictionary {
  /** `FLAT()`, in capitals. */
  readonly layout: string;
  /** `MIN 0 MAX 300`, in seconds. */
  readonly lifetime?: string;
}

export interface Policy {
  readonly database: string;
  /** Absent for all tables of the database. */
  readonly table?: string;
  readonly to: NamesDeclaration;
  /** Columns that it compares with a value. */
  readonly compared: readonly string[];
}

export interface Granted {
  readonly to: string;
  /** Whether it gives SELECT, on the whole table or some columns of it. */
  reads(path: readonly string[]): boolean;
  /** Whether it gives `dictGet`. */
  looksUp(path: readonly string[]): boolean;
}

/** Roles that a user or role has. */
export interface Holding {
  readonly to: string;
  readonly roles: readonly string[];
}

export interface Subject {
  readonly id: ObjectId;
  readonly clusters: ReadonlySet<string>;
  /** For tables, and for views with storage of their own. */
  readonly table?: Table;
  readonly view?: View;
  readonly dictionary?: Dictionary;
  /** For users, roles and settings profiles: what queries begin with, by the name of the setting. */
  readonly begins?: Readonly<Record<string, string>>;
  readonly policy?: Policy;
  /** For grants of rights. */
  readonly grant?: Granted;
  /** For grants of roles. */
  readonly holding?: Holding;
  /** `ScdTable avesa.companies`, `Tenant acme`: the declaration that it is a piece of. */
  readonly generatedBy?: string;
}

/** The other declared objects. */
export interface Neighbours {
  readonly all: readonly Subject[];
  at(path: readonly string[]): Subject | undefined;
  /** What keeps rows apart by this column in the tables, views and dictionaries of these clusters. */
  covers(column: string, clusters: ReadonlySet<string>): ReadonlyMap<Subject, RowCover | undefined>;
}

function tableOf(storage: Storage, columns: readonly LintColumn[], parts: readonly StateObject[]): Table {
  const { name, parameters } = engineOf(storage.engine);
  const ofKind = (kind: string): StateObject[] => parts.filter(({ id }) => id.kind === kind);
  return {
    engine: name,
    parameters: keyParts(`(${parameters})`),
    columns,
    orderBy: keyParts(storage.orderBy ?? storage.primaryKey),
    primaryKey: keyParts(storage.primaryKey),
    partitionBy: keyParts(storage.partitionBy),
    ttl: storage.ttl === undefined ? [] : keyParts(`(${storage.ttl})`),
    settings: storage.settings,
    indexes: ofKind('index'),
    projections: ofKind('projection'),
  };
}

function viewOf(attributes: MaterializedView): View {
  const { query, target, columns, populate, schedule, append, sqlSecurity } = attributes;
  return {
    query: readQuery(query),
    ...(target !== undefined && { target: new Cursor(target).path() }),
    ...(columns !== undefined && { columns: [...columnTypes(columns).keys()] }),
    populate: populate !== undefined,
    ...(schedule !== undefined && { schedule }),
    append: append !== undefined,
    ...(sqlSecurity !== undefined && { sqlSecurity }),
  };
}

function dictionaryOf({ layout = '', lifetime }: DictionaryAttributes): Dictionary {
  return { layout: layout.toUpperCase(), ...(lifetime !== undefined && { lifetime }) };
}

/** The values of settings; those with limits only have none. */
function beginsWith(elements: Elements): Record<string, string> {
  const declared = [...(describeElements(elements).settings ?? [])];
  const values = declared.flatMap(([name, one]): [string, string][] => {
    const value = typeof one === 'object' ? one.value : one;
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(values);
}

/** `tenant_id = 'acme'`, either way round. */
function comparedIn(filter: string): string[] {
  const tokens = tokenize(filter);
  const isValue = (token: Token | undefined): boolean => token?.kind === 'string' || token?.kind === 'number';
  return tokens.flatMap((token, at) => {
    if (token.text !== '=') return [];
    const [left, right] = [tokens[at - 1], tokens[at + 1]];
    const named = isValue(right) ? left : isValue(left) ? right : undefined;
    const name = named && nameOf(named);
    return name === undefined ? [] : [name];
  });
}

function policyOf(tree: Tree): Policy {
  const { filter, to } = tree.root.attributes as RowPolicy;
  const { database, table } = rowPolicyTarget(tree);
  return {
    ...{ database, ...(table !== undefined && { table }) },
    ...{ to: describeNames(to), compared: comparedIn(filter) },
  };
}

function grantedBy(tree: Tree): Pick<Subject, 'grant' | 'holding'> {
  const { target, rights, to } = grantOf(tree);
  if (target === undefined) return { holding: { to, roles: rolesGranted(tree) } };
  const gives = (privilege: string): boolean =>
    Object.entries(rights).some(
      ([right, word]) => word !== 'revoked' && ['ALL', privilege].includes(right.split('(', 1)[0] ?? ''),
    );
  const names = targetOf(target);
  const on = (path: readonly string[]): boolean => holds(names, { of: 'path', names: path, prefix: false });
  const [reads, looksUp] = [gives('SELECT'), gives('dictGet')];
  return { grant: { to, reads: (path) => reads && on(path), looksUp: (path) => looksUp && on(path) } };
}

/** Throws a ParseError or a TokenError where the SQL can't be read; then the server will say so. */
export function subjectOf(object: DeclaredObject): Subject {
  const { generatedBy } = object;
  return { ...factsOf(object), ...(generatedBy !== undefined && { generatedBy }) };
}

function factsOf({ tree, clusters }: DeclaredObject): Subject {
  const { root, parts } = tree;
  const { id, attributes } = root;
  if (id.kind === 'row policy') return { id, clusters, policy: policyOf(tree) };
  if (id.kind === 'grant') return { id, clusters, ...grantedBy(tree) };
  if (id.kind === 'dictionary')
    return { id, clusters, dictionary: dictionaryOf(attributes as DictionaryAttributes) };
  if (isAccess(id) && 'profiles' in attributes)
    return { id, clusters, begins: beginsWith(attributes as unknown as Elements) };
  const view = typeof attributes.query === 'string' ? viewOf(attributes as MaterializedView) : undefined;
  if (typeof attributes.engine !== 'string' || id.kind === 'database') {
    return { id, clusters, ...(view && { view }) };
  }
  const declared = view
    ? [...columnTypes((attributes as MaterializedView).columns ?? '')].map(([name, type]) =>
        columnNamed(name, { type }),
      )
    : parts
        .filter((part) => part.id.kind === 'column')
        .map((part) => columnNamed(part.id.path.at(-1) ?? '', part.attributes as Column));
  const table = tableOf(attributes as unknown as Storage, declared, parts);
  return { id, clusters, table, ...(view && { view }) };
}

export interface Linted {
  readonly object: DeclaredObject;
  readonly subject: Subject;
}

export function neighboursOf(linted: readonly Linted[]): Neighbours {
  const all = linted.map(({ subject }) => subject);
  const byPath = new Map(all.map((subject) => [pathKey(subject.id.path), subject]));
  const known = new Map<string, ReadonlyMap<Subject, RowCover | undefined>>();
  return {
    all,
    at: (path) => byPath.get(pathKey(path)),
    covers(column, clusters) {
      const key = JSON.stringify([column, [...clusters].sort()]);
      const before = known.get(key);
      if (before) return before;
      const here = linted.filter(
        ({ subject: { id, clusters: on } }) =>
          id.path.length === 2 && [...on].some((cluster) => clusters.has(cluster)),
      );
      const covers = coversOf(
        here.map(({ object }) => object),
        () => column,
        clusters,
      );
      const found = new Map(here.map(({ object, subject }) => [subject, covers.get(object)?.cover]));
      known.set(key, found);
      return found;
    },
  };
}
