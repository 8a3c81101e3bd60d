/**
 * A table that is tied to a dictionary, a Join table or a set goes in; it comes out untied, and gets its ties back. A server
 * keeps the ties of a temporary table for good, even when it is gone, and then refuses to drop the dictionary: "Cannot drop …,
 * because some tables depend on it". So no tie is ever tried out.
 */
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import { type Token, tokenize } from '../sql/tokens.ts';
import { calls } from './calls.ts';
import type { Normaliser } from './kind.ts';
import { isSql } from './whole-sql.ts';

/** https://github.com/ClickHouse/ClickHouse/blob/master/src/Databases/DDLLoadingDependencyVisitor.cpp */
const TYING = /^(?:joinGet|dict[A-Z]|(?:global)?(?:not)?(?:null)?in(?:IgnoreSet)?$)/i;

const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'quoted';

/** Whether what follows IN is a table: `IN t`, `IN 't'` or `IN (t)`, but no list and no query. */
function isTable(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.text !== '(') return isName(tokens[at]) || tokens[at]?.kind === 'string';
  return isName(tokens[at + 1]) && [')', '.'].includes(tokens[at + 2]?.text ?? '');
}

function ties(value: unknown, functions: ReadonlySet<string>): boolean {
  if (typeof value !== 'string') return false;
  const tokens = tokenize(value);
  const isTie = ({ kind, text }: Token, at: number): boolean =>
    kind === 'word' &&
    (/^IN$/i.test(text) ? isTable(tokens, at + 1) : TYING.test(text) && tokens[at + 1]?.text === '(');
  return tokens.some(isTie) || calls(value, functions);
}

/** Names of the SQL functions in a state that tie whatever calls them, also through one another. */
export function tyingFunctions(live: Iterable<Root>): ReadonlySet<string> {
  const functions = [...live].filter(({ id }) => id.kind === 'function');
  const found = new Set<string>();
  for (let size = -1; size < found.size; ) {
    size = found.size;
    for (const { id, statement } of functions) if (ties(statement, found)) found.add(id.path[0] ?? '');
  }
  return found;
}

const isTied = ({ attributes }: StateObject, functions: ReadonlySet<string>): boolean =>
  Object.entries(attributes).some(([name, value]) => isSql(name) && ties(value, functions));

const isColumn = ({ id }: StateObject): boolean => id.kind === 'column';

/** The column with the default value of its type, in the same form; the form says what kind of column it is. */
function untieColumn(column: StateObject): StateObject {
  const { type, value } = column.attributes;
  if (typeof value !== 'string' || typeof type !== 'string' || type === '') return column;
  const form = value.slice(0, value.indexOf(' '));
  const untied = `${form} defaultValueOfTypeName('${type.replaceAll(/['\\]/g, '\\$&')}')`;
  return { ...column, attributes: { ...column.attributes, value: untied } };
}

/** The table without what ties it; the same table when nothing does. `functions` are SQL functions with ties in their bodies. */
export function untie(tree: Tree, functions: ReadonlySet<string>): Tree {
  const { root, parts } = tree;
  const hasTie = ties(root.attributes.ttl, functions);
  if (!hasTie && !parts.some((part) => isTied(part, functions))) return tree;
  return {
    root: hasTie ? { ...root, attributes: { ...root.attributes, ttl: undefined } } : root,
    parts: parts.flatMap((part) => {
      if (!isTied(part, functions)) return [part];
      return isColumn(part) ? [untieColumn(part)] : [];
    }),
  };
}

/** A formatted table with the bodies of such functions in the place of their calls, as a view would have them: views tie nothing. */
export async function expandTies({ root, parts }: Tree, server: Normaliser): Promise<Tree> {
  const expand = async (part: StateObject): Promise<StateObject> => {
    const { value } = part.attributes;
    if (!isColumn(part) || typeof value !== 'string' || !calls(value, server.tyingFunctions)) return part;
    const at = value.indexOf(' ');
    const text = await server.view(
      (name) => `CREATE TEMPORARY VIEW ${name} (\`_\` UInt8) AS SELECT${value.slice(at)}`,
      root.id.path[0] ?? '',
    );
    const expanded = text.slice(text.indexOf(BEFORE) + BEFORE.length);
    return { ...part, attributes: { ...part.attributes, value: `${value.slice(0, at)} ${expanded}` } };
  };
  return { root, parts: await Promise.all(parts.map(expand)) };
}

const BEFORE = ' AS SELECT ';

/** What was normalised without ties, with what the formatted table says where it has them. */
export function tie(normal: Tree, formatted: Tree, functions: ReadonlySet<string>): Tree {
  const tied = formatted.parts.filter((part) => isTied(part, functions));
  const values = new Map(tied.filter(isColumn).map(({ id, attributes }) => [keyOf(id), attributes.value]));
  const parts = normal.parts.map((part): StateObject => {
    const value = values.get(keyOf(part.id));
    return value === undefined ? part : { ...part, attributes: { ...part.attributes, value } };
  });
  const { ttl } = formatted.root.attributes;
  const attributes = ties(ttl, functions) ? { ...normal.root.attributes, ttl } : normal.root.attributes;
  return {
    root: { ...normal.root, attributes },
    parts: [...parts, ...tied.filter((part) => !isColumn(part))],
  };
}
