/** The privileges that a server lists go in; names turn into the single privileges that they stand for, and back into the fewest names. */
import { nearest } from '../model/nearest.ts';
import { ParseError } from '../sql/cursor.ts';
import { type AccessRow, listOf, textOf } from './access-row.ts';

/** What a right is granted on: everything, a database, a table, a column, or a thing beside them (a user, an engine …). */
export type Scope = 'global' | 'database' | 'table' | 'column' | 'object';

interface Privilege {
  readonly name: string;
  /** As `system.privileges` says; undefined for most groups. */
  readonly level: string | undefined;
  readonly parent: string | undefined;
}

export interface Privileges {
  /** The single privileges behind a name that can be granted there. Throws {@link ParseError} for unknown names. */
  expand(name: string, scope: Scope): readonly string[];
  /** The same of a name that a server lists as granted there, whatever it is. */
  listed(name: string, scope: Scope): readonly string[];
  /** The fewest names that stand for exactly these on this scope, in one order. */
  compress(single: ReadonlySet<string>, scope: Scope): readonly string[];
}

const IN_TABLES = ['TABLE', 'VIEW', 'DICTIONARY', 'COLUMN'];
const ON_SCOPE: Readonly<Record<Scope, ReadonlySet<string> | undefined>> = {
  global: undefined,
  database: new Set(['DATABASE', ...IN_TABLES]),
  table: new Set(IN_TABLES),
  column: new Set(['COLUMN']),
  object: new Set(['NAMED_COLLECTION', 'USER_NAME', 'TABLE_ENGINE', 'DEFINER', 'SOURCE']),
};

function readPrivileges(rows: readonly AccessRow[]): Privileges {
  const all = rows.map(
    (row): Privilege => ({
      name: textOf(row, 'privilege') ?? '',
      level: textOf(row, 'level'),
      parent: textOf(row, 'parent_group'),
    }),
  );
  const children = new Map<string, Privilege[]>();
  for (const one of all)
    if (one.parent !== undefined) children.set(one.parent, [...(children.get(one.parent) ?? []), one]);
  const byName = new Map<string, string>();
  for (const row of rows) {
    const name = textOf(row, 'privilege') ?? '';
    for (const spelling of [name, ...listOf(row, 'aliases')]) byName.set(spelling.toUpperCase(), name);
  }
  const known = new Map(all.map((one) => [one.name, one]));
  const singles = new Map<string, readonly Privilege[]>();
  const singlesOf = (name: string): readonly Privilege[] => {
    const before = singles.get(name);
    if (before) return before;
    const below = children.get(name);
    const own = known.get(name);
    const found = below
      ? below.flatMap((child: Privilege) => singlesOf(child.name))
      : own && own.level !== undefined
        ? [own]
        : [];
    singles.set(name, found);
    return found;
  };
  const fits = (scope: Scope, { level }: Privilege): boolean => ON_SCOPE[scope]?.has(level ?? '') ?? true;

  const collect = (name: string, wanted: ReadonlySet<string>, scope: Scope, into: string[]): void => {
    const below = singlesOf(name);
    if (!below.some((one) => wanted.has(one.name))) return;
    // A group that holds what can't be granted here would grant it elsewhere: ALL ON d.* also grants READ ON the source `d`.
    const isWhole = below.every((one) => wanted.has(one.name) && fits(scope, one));
    if (isWhole) into.push(name);
    else for (const child of children.get(name) ?? []) collect(child.name, wanted, scope, into);
  };

  return {
    expand(name, scope) {
      const canonical = byName.get(name.trim().replace(/\s+/g, ' ').toUpperCase());
      if (canonical === undefined) {
        const meant = nearest(name.toUpperCase(), [...byName.keys()]);
        throw new ParseError(
          `the server has no privilege \`${name}\`${meant ? `; did you mean \`${meant}\`?` : ''}`,
        );
      }
      const below = singlesOf(canonical);
      const here = below.filter((one) => fits(scope, one));
      if (below.length > 0 && here.length === 0)
        throw new ParseError(`${canonical} can't be granted on a ${scope}`);
      return here.map((one) => one.name);
    },
    listed(name, scope) {
      const here = singlesOf(name).filter((one) => fits(scope, one));
      return here.length > 0 ? here.map((one) => one.name) : [name];
    },
    compress(single, scope) {
      const names: string[] = [];
      collect('ALL', single, scope, names);
      const covered = new Set(names.flatMap((name) => singlesOf(name).map((one) => one.name)));
      return [...names, ...[...single].filter((name) => !covered.has(name))].sort();
    },
  };
}

/** Thousands of grants of a node ask for the same. */
const ofRows = new WeakMap<
  readonly AccessRow[],
  { readonly privileges: Privileges; readonly text: string }
>();
const ofTexts = new Map<string, Privileges>();

function known(rows: readonly AccessRow[]) {
  const before = ofRows.get(rows);
  if (before) return before;
  const text = JSON.stringify(rows);
  const found = { privileges: ofTexts.get(text) ?? readPrivileges(rows), text };
  ofTexts.set(text, found.privileges);
  ofRows.set(rows, found);
  return found;
}

/** Read from the rows of `system.privileges`. */
export function privilegesOf(rows: readonly AccessRow[]): Privileges {
  return known(rows).privileges;
}

/** The rows as one text, and back. */
export function privilegesText(rows: readonly AccessRow[]): string {
  return known(rows).text;
}

export function privilegesIn(text: string): Privileges {
  return ofTexts.get(text) ?? privilegesOf(JSON.parse(text) as AccessRow[]);
}
