/** A declared object goes in; the reason why a server could not live with one of its names comes out. */
import { showId, type Tree } from '../model/object.ts';
import { isSystemDatabase } from './database.ts';

/**
 * Bytes that a database's and a table's name may have together in the names of files, which end at 255: a dropped table is
 * kept as `database.table.uuid.sql`. https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/computeMaxTableNameLength.cpp
 */
const FILE_NAME = 213;

/** The name of a file for an object's name: every byte that is no letter, digit or `_` takes three. */
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
  const prefix =
    attributes.schedule !== undefined && attributes.append === undefined ? '.tmp.inner_id.' : '.inner_id.';
  const inner = hidesTable ? fileLength(`${prefix}00000000-0000-0000-0000-000000000000`) : 0;
  return Math.max(fileLength(name), inner);
}

function tooLong(tree: Tree): string | undefined {
  const [database = '', name] = tree.root.id.path;
  const left = FILE_NAME - fileLength(database);
  const needed = name === undefined ? 1 : longestTable(tree);
  if (needed <= left) return undefined;
  const why = 'every byte that is no letter, digit or `_` counts three times';
  return name === undefined
    ? `no table fits into a database with so long a name (at most ${FILE_NAME - 1} bytes; ${why})`
    : `its name and the database's are too long together (${needed - left} bytes over; ${why})`;
}

/** Why the object must not be created under these names; undefined when nothing is wrong with them. */
export function refusedName(tree: Tree): string | undefined {
  const [database = '', name] = tree.root.id.path;
  if (isSystemDatabase(database))
    return `the database \`${database}\` belongs to the server, or to Plumbline itself`;
  if (name?.startsWith('.inner')) {
    return 'names that begin with `.inner` are those of the tables in which materialized views keep their rows';
  }
  // ClickHouse writes a projection to a directory of that very name: `a/b` breaks merges, `../b` leaves the table's own.
  const projection = tree.parts.find(
    ({ id }) => id.kind === 'projection' && /[/\0]/.test(id.path.at(-1) ?? ''),
  );
  if (projection)
    return `${showId(projection.id)} has \`/\` or NUL in its name, which becomes the name of a directory`;
  return tooLong(tree);
}
