/** A declared object goes in; the reason why a server could not live with one of its names comes out. */
import { isAccess, isInDatabase, type ObjectId, showId, type Tree } from '../model/object.ts';
import { isSystemDatabase } from './database.ts';

/**
 * Bytes that a database's and a table's name may have together in the names of files, which end at 255: a dropped table is
 * kept as `database.table.uuid.sql`. https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/computeMaxTableNameLength.cpp
 */
const TABLE_FILE = 213;

/** Bytes that an index's name may have in the names of its files; the temporary ones of text indexes are the longest. */
const INDEX_FILE = 231;

/** Bytes that the name of a function, collection, workload or resource may have in the name of its file. */
const BESIDE_FILE = 230;

const COUNTED = 'every byte that is no letter, digit or `_` counts three times';

/** The length of a name in the name of a file. */
function fileLength(name: string): number {
  return Buffer.from(name).reduce(
    (length, byte) => length + (/\w/.test(String.fromCharCode(byte)) ? 1 : 3),
    0,
  );
}

/** The longest name that the object's own tables have: views with storage hide theirs behind the view's id. */
function longestTable({ root: { id, attributes } }: Tree): number {
  const [, name = ''] = id.path;
  const hidesTable = id.kind === 'materialized view' && attributes.target === undefined;
  const isSwapped = attributes.schedule !== undefined && attributes.append === undefined;
  const prefix = isSwapped ? '.tmp.inner_id.' : '.inner_id.';
  const inner = hidesTable ? fileLength(`${prefix}00000000-0000-0000-0000-000000000000`) : 0;
  return Math.max(fileLength(name), inner);
}

function tooLong(tree: Tree): string | undefined {
  const [database = '', name] = tree.root.id.path;
  const left = TABLE_FILE - fileLength(database);
  const needed = name === undefined ? 1 : longestTable(tree);
  if (needed <= left) return undefined;
  return name === undefined
    ? `no table fits into a database with so long a name (at most ${TABLE_FILE - 1} bytes; ${COUNTED})`
    : `its name and the database's are too long together (${needed - left} bytes over; ${COUNTED})`;
}

/** Whether ClickHouse has no room for a table of this path. */
export function tooLongNames([database = '', name = '']: readonly string[]): boolean {
  return fileLength(database) + fileLength(name) > TABLE_FILE;
}

/** ClickHouse takes these, and then every INSERT, merge or mutation fails. */
function unusablePart({ kind, path }: ObjectId): string | undefined {
  const name = path.at(-1) ?? '';
  // A projection is a directory of that very name: `a/b` breaks merges, `../b` leaves the directory of the table.
  if (kind === 'projection' && /[/\0]/.test(name))
    return 'has `/` or NUL in its name, which becomes a directory';
  const over = kind === 'index' ? fileLength(name) - INDEX_FILE : 0;
  return over > 0 ? `has too long a name (${over} bytes over; ${COUNTED})` : undefined;
}

/** What stands beside the databases is kept in a file of its own: `function_NAME.sql`. */
function refusedBeside({ path: [name = ''] }: ObjectId): string | undefined {
  const over = fileLength(name) - BESIDE_FILE;
  return over > 0 ? `its name is too long (${over} bytes over; ${COUNTED})` : undefined;
}

/** Why the object must not be created under these names; undefined when nothing is wrong with them. */
export function refusedName(tree: Tree): string | undefined {
  if (!isInDatabase(tree.root.id)) return isAccess(tree.root.id) ? undefined : refusedBeside(tree.root.id);
  const [database = '', name] = tree.root.id.path;
  if (isSystemDatabase(database))
    return `the database \`${database}\` belongs to the server, or to Plumbline itself`;
  if (name !== undefined && /^\.(tmp\.)?inner/.test(name)) {
    return 'names that begin with `.inner` and `.tmp.inner` are those of the tables in which materialized views keep their rows';
  }
  for (const { id } of tree.parts) {
    const flaw = unusablePart(id);
    if (flaw) return `${showId(id)} ${flaw}`;
  }
  return tooLong(tree);
}
