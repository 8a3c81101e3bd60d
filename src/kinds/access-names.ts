/** Sets of users and roles: what declarations and rows of a server say of them goes in, one canonical SQL text comes out, and back. */
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { type AccessRow, listOf } from './access-row.ts';

/** As it stands in a declaration: `all` (for grantees `any`), `none`, some by name, or all but some. */
export type NamesDeclaration =
  | 'all'
  | 'any'
  | 'none'
  | readonly string[]
  | { readonly all_except: readonly string[] };

/** What a statement says for everybody: `ALL`, and `ANY` for grantees. */
type Everybody = 'ALL' | 'ANY';

const byName = (names: Iterable<string>): string[] => [...new Set(names)].sort();

/** Names with commas between them, in one order, so that equal sets are equal texts. */
export function nameList(names: Iterable<string>): string {
  return byName(names).map(identifier).join(', ');
}

function namesText(all: boolean, names: Iterable<string>, except: Iterable<string>, word: Everybody): string {
  const but = nameList(except);
  if (all) return but ? `${word} EXCEPT ${but}` : word;
  return nameList(names) || 'NONE';
}

export function declareNames(declared: NamesDeclaration, word: Everybody = 'ALL'): string {
  if (declared === 'none') return 'NONE';
  if (typeof declared === 'string') return word;
  return 'all_except' in declared
    ? namesText(true, [], declared.all_except, word)
    : namesText(false, declared, [], word);
}

/** From the columns `<prefix>_all` (or `_any`), `<prefix>_list` and `<prefix>_except` of a row. */
export function namesOfRow(row: AccessRow, prefix: string, word: Everybody = 'ALL'): string {
  const isAll = Number(row[`${prefix}_${word.toLowerCase()}`]) === 1;
  return namesText(isAll, listOf(row, `${prefix}_list`), listOf(row, `${prefix}_except`), word);
}

/** One name, or several with commas between them. */
export function readNameList(cursor: Cursor): string[] {
  const names = [cursor.name()];
  while (cursor.takes(',')) names.push(cursor.name());
  return names;
}

/** Takes a set as a statement says it. */
export function readNames(cursor: Cursor, word: Everybody = 'ALL'): string {
  if (cursor.takes('NONE')) return 'NONE';
  if (!cursor.takes(word)) return namesText(false, readNameList(cursor), [], word);
  return namesText(true, [], cursor.takes('EXCEPT') ? readNameList(cursor) : [], word);
}

/** What a declaration says for a canonical text. */
export function describeNames(text: string, word: Everybody = 'ALL'): NamesDeclaration {
  const cursor = new Cursor(text);
  if (cursor.takes('NONE')) return 'none';
  if (!cursor.takes(word)) return readNameList(cursor);
  return cursor.takes('EXCEPT') ? { all_except: readNameList(cursor) } : word === 'ALL' ? 'all' : 'any';
}
