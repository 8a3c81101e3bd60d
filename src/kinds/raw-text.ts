/** Reads the head of any CREATE text: what it creates, under which name, and whether that keeps rows. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { holdsRows } from './table-engine.ts';

export interface RawText {
  /** `TABLE`, `VIEW`, `MATERIALIZED VIEW`, `DICTIONARY`, `WINDOW VIEW` … */
  readonly what: string;
  readonly path: readonly string[];
  /** Whether rows live in it, so that they would go with it; true where that is not known. */
  readonly keepsRows: boolean;
  /** Whether CREATE OR REPLACE knows it. */
  readonly replaceable: boolean;
}

const OBJECTS = ['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'DICTIONARY', 'WINDOW VIEW', 'LIVE VIEW'] as const;

function tableKeepsRows(cursor: Cursor): boolean {
  if (cursor.takes('UUID')) cursor.string();
  if (cursor.sees('(')) cursor.parenthesized();
  return !cursor.takes('ENGINE =') || holdsRows(cursor.name());
}

/** Whether a view says, before its columns and its query, into which table it writes. */
function writesElsewhere(cursor: Cursor): boolean {
  for (let ahead = 0; ; ahead++) {
    const text = cursor.peek(ahead)?.text;
    if (text === undefined || ['(', 'AS', 'ENGINE'].includes(text)) return false;
    if (text === 'TO') return true;
  }
}

function keepsRows(what: string, cursor: Cursor): boolean {
  if (what === 'TABLE') return tableKeepsRows(cursor);
  return /^(MATERIALIZED|WINDOW)/.test(what) && !writesElsewhere(cursor);
}

/** Throws a ParseError for a text that creates nothing inside a database. */
export function readRawText(text: string): RawText {
  const cursor = new Cursor(text);
  cursor.expect('CREATE');
  const what = OBJECTS.find((words) => cursor.takes(words));
  if (what === undefined) return cursor.fail(`one of ${OBJECTS.join(', ')}`);
  const path = cursor.path();
  if (path.length !== 2)
    throw new ParseError('its text must name the object with its database: `database.name`');
  return { what, path, keepsRows: keepsRows(what, cursor), replaceable: !/^(WINDOW|LIVE)/.test(what) };
}
