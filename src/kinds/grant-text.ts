/** Targets of grants: what declarations and rows of a server say goes in, SQL and short names for people come out. */
import { type Cursor, ParseError } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { type AccessRow, textOf } from './access-row.ts';
import { shortName } from './access-text.ts';
import type { Scope } from './privileges.ts';
import { EVERYTHING, type Target } from './rights.ts';

/** `*.*`, `d.*`, `d.t`, `d.t*`, or a mapping where a name holds a dot or a `*`, or for what is in no database. */
export type TargetDeclaration =
  | string
  | { readonly database: string; readonly name?: string }
  | { readonly object: string };

function path(names: readonly string[]): Target {
  const last = names.at(-1) ?? '';
  const prefix = last.endsWith('*');
  return { of: 'path', names: prefix ? [...names.slice(0, -1), last.slice(0, -1)] : names, prefix };
}

/** The schema has seen to it that a text is a target. */
export function declareTarget(declared: TargetDeclaration): Target {
  if (typeof declared !== 'string') {
    if ('object' in declared) return { ...path([declared.object]), of: 'object' };
    const { database, name } = declared;
    return { of: 'path', names: name === undefined ? [database] : [database, name], prefix: false };
  }
  if (declared === '*.*') return EVERYTHING;
  const [database = '', name = '*'] = declared.split('.');
  return path(name === '*' ? [database] : [database, name]);
}

/** Of a row of `system.grants`: the target and its column, where it has one. */
export function targetOfRow(row: AccessRow): Target {
  const object = textOf(row, 'access_object') ?? '';
  const prefix = Number(row.is_wildcard ?? 0) === 1;
  if (object !== '') return { of: 'object', names: [object], prefix };
  const names = ['database', 'table', 'column'].flatMap((column) => textOf(row, column) ?? []);
  return names.length === 0 ? EVERYTHING : { of: 'path', names, prefix };
}

/** The target without its column. */
export function tableOf(target: Target): Target {
  return target.of === 'path' && target.names.length > 2
    ? { of: 'path', names: target.names.slice(0, 2), prefix: false }
    : target;
}

export function scopeOf({ of, names }: Target): Scope {
  if (names.length === 0) return 'global';
  if (of === 'object') return 'object';
  return (['database', 'table', 'column'] as const)[names.length - 1] ?? 'column';
}

function written({ of, names, prefix }: Target, write: (name: string) => string): string {
  const open = prefix ? '*' : '';
  const [first, second] = names;
  if (first === undefined) return '*.*';
  if (of === 'object') return `${write(first)}${open}`;
  return second === undefined ? `${write(first)}${open}.*` : `${write(first)}.${write(second)}${open}`;
}

/** As a statement says it behind ON. */
export const targetText = (target: Target): string => written(target, identifier);

/** As people read it. */
export const showTarget = (target: Target): string =>
  `${target.of === 'object' && target.names.length > 0 ? 'object ' : ''}${written(target, shortName)}`;

/** Takes what {@link targetText} writes. */
export function readTarget(cursor: Cursor): Target {
  if (cursor.takes('* . *')) return EVERYTHING;
  const first = cursor.name();
  const open = cursor.takes('*');
  if (!cursor.takes('.')) return { of: 'object', names: [first], prefix: open };
  if (cursor.takes('*')) return { of: 'path', names: [first], prefix: open };
  return { of: 'path', names: [first, cursor.name()], prefix: cursor.takes('*') };
}

/** What a declaration says of it. Throws {@link ParseError} where none can. */
export function describeTarget(target: Target): TargetDeclaration {
  const { of, names, prefix } = target;
  const [first = '', second] = names;
  const isPlain = names.every((name) => /^[^.*]+$/.test(name));
  if (prefix && !isPlain)
    throw new ParseError('it is granted on all names of one beginning; declare it by hand');
  if (of === 'object') return { object: prefix ? `${first}*` : first };
  if (isPlain) return written(target, (name) => name);
  return second === undefined ? { database: first } : { database: first, name: second };
}
