/** What a grant gives on its target, by the words that people read: single privileges and columns go in, and come out again. */
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { scopeOf, tableOf, targetText } from './grant-text.ts';
import type { Privileges } from './privileges.ts';
import {
  type Action,
  canonical,
  canonicalInside,
  type Level,
  levelAt,
  type Marks,
  type Rights,
  type Target,
  targetKey,
  targetOf,
} from './rights.ts';
import type { Statement } from './rights-steps.ts';

/** By privilege, with its column where it has one: `SELECT`, ``SELECT(`id`)``. */
export type Given = Readonly<Record<string, string>>;

const WORDS = ['granted', 'with grant option', 'revoked', 'without grant option'] as const;
export type Word = (typeof WORDS)[number];

const LEVELS: Readonly<Record<string, Level>> = {
  granted: 1,
  'with grant option': 2,
  revoked: 0,
  'without grant option': 1,
};

export function givenKey(privilege: string, column?: string): string {
  return column === undefined ? privilege : `${privilege}(${identifier(column)})`;
}

/** The privilege and the column of a key. */
export function readGivenKey(key: string): {
  readonly privilege: string;
  readonly column: string | undefined;
} {
  const at = key.indexOf('(');
  if (at < 0) return { privilege: key, column: undefined };
  return { privilege: key.slice(0, at), column: new Cursor(key.slice(at + 1, -1)).name() };
}

const columnOf = (table: Target, column: string | undefined): Target =>
  column === undefined ? table : { of: 'path', names: [...table.names, column], prefix: false };

/** The marks that this says, by single privilege. Throws `ParseError` for privileges that the server does not know. */
export function marksOf(
  target: Target,
  given: Given,
  expand: Privileges['expand'],
): Map<string, Map<string, Level>> {
  const marks = new Map<string, Map<string, Level>>();
  for (const [key, word] of Object.entries(given)) {
    const { privilege, column } = readGivenKey(key);
    const place = columnOf(target, column);
    for (const single of expand(privilege, scopeOf(place))) {
      const own = marks.get(single) ?? new Map<string, Level>();
      own.set(targetKey(place), LEVELS[word] ?? 0);
      marks.set(single, own);
    }
  }
  return marks;
}

function wordAt(marks: Marks, key: string, level: Level): Word {
  if (level === 0) return 'revoked';
  if (level === 2) return 'with grant option';
  return levelAt(marks, key, false) === 2 ? 'without grant option' : 'granted';
}

function saidOn(
  target: Target,
  rights: Rights,
  privileges: Privileges,
  plain: (marks: Marks) => Marks,
): Given {
  const bySaying = new Map<string, Set<string>>();
  for (const [single, marks] of rights) {
    for (const [key, level] of plain(marks)) {
      if (targetKey(tableOf(targetOf(key))) !== targetKey(target)) continue;
      const saying = JSON.stringify([key, wordAt(marks, key, level)]);
      bySaying.set(saying, (bySaying.get(saying) ?? new Set()).add(single));
    }
  }
  const given: [string, string][] = [...bySaying].flatMap(([saying, singles]) => {
    const [key, word] = JSON.parse(saying) as [string, Word];
    const place = targetOf(key);
    const column = place.of === 'path' ? place.names[2] : undefined;
    return privileges
      .compress(singles, scopeOf(place))
      .map((name): [string, string] => [givenKey(name, column), word]);
  });
  return Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What all rights of a grantee say on one target and its columns, and nowhere around it. */
export function givenOn(target: Target, rights: Rights, privileges: Privileges): Given {
  return saidOn(target, rights, privileges, canonical);
}

/** What is declared of one target, whatever holds around it: a revocation there may be an exception from that. */
export function askedOn(target: Target, rights: Rights, privileges: Privileges): Given {
  return saidOn(target, rights, privileges, canonicalInside);
}

const FORM: Readonly<Record<Action, readonly [start: string, word: string, end: string]>> = {
  grant: ['GRANT', 'TO', ''],
  'grant with option': ['GRANT', 'TO', ' WITH GRANT OPTION'],
  revoke: ['REVOKE', 'FROM', ''],
  'revoke option': ['REVOKE GRANT OPTION FOR', 'FROM', ''],
};

/** `SELECT(a, b), INSERT ON d.t`, from names with their columns. */
export function elementText(target: Target, keys: readonly string[]): string {
  const columns = new Map<string, string[]>();
  for (const { privilege, column } of keys.map(readGivenKey))
    columns.set(privilege, [...(columns.get(privilege) ?? []), ...(column === undefined ? [] : [column])]);
  const plain = new Set(keys.filter((key) => !key.includes('(')));
  const list = [...columns].flatMap(([privilege, names]) => [
    ...(plain.has(privilege) ? [privilege] : []),
    ...(names.length > 0 ? [`${privilege}(${names.map(identifier).join(', ')})`] : []),
  ]);
  return `${list.join(', ')} ON ${targetText(target)}`;
}

/** A statement as SQL, with the fewest names for its privileges. */
export function statementText({ action, parts }: Statement, grantee: string, privileges: Privileges): string {
  const byPlace = new Map<string, Set<string>>();
  for (const { privilege, key } of parts) byPlace.set(key, (byPlace.get(key) ?? new Set()).add(privilege));
  const byTable = new Map<string, string[]>();
  for (const [key, singles] of byPlace) {
    const place = targetOf(key);
    const column = place.of === 'path' ? place.names[2] : undefined;
    const table = targetKey(tableOf(place));
    const names = privileges.compress(singles, scopeOf(place)).map((name) => givenKey(name, column));
    byTable.set(table, [...(byTable.get(table) ?? []), ...names]);
  }
  const [start, word, end] = FORM[action];
  const elements = [...byTable].map(([key, keys]) => elementText(targetOf(key), keys));
  return `${start} ${elements.join(', ')} ${word} ${identifier(grantee)}${end}`;
}

const START: Readonly<Record<Word, string>> = {
  granted: 'GRANT',
  'with grant option': 'GRANT',
  revoked: 'REVOKE',
  'without grant option': 'REVOKE GRANT OPTION FOR',
};

const isColumn = (key: string): boolean => key.includes('(');

/** What is taken from a table is taken from its columns, too: those that are granted all the same come behind it. */
function inOrder(given: Given): (readonly [key: string, word: string])[][] {
  const all = Object.entries(given);
  const takes = ([key, word]: readonly [string, string]): boolean =>
    !isColumn(key) && (word === 'revoked' || word === 'without grant option');
  const columns = all.filter(([key]) => isColumn(key));
  return all.some(takes) && columns.length > 0 ? [all.filter(([key]) => !isColumn(key)), columns] : [all];
}

/** The statements that say the same to a server that has said nothing yet, without the grantee: `GRANT SELECT ON d.t`. */
export function givenTexts(
  target: Target,
  given: Given,
): readonly { readonly text: string; readonly word: Word }[] {
  return inOrder(given).flatMap((entries) =>
    WORDS.flatMap((word) => {
      const keys = entries.flatMap(([key, said]) => (said === word ? [key] : []));
      return keys.length === 0 ? [] : [{ text: `${START[word]} ${elementText(target, keys)}`, word }];
    }),
  );
}
