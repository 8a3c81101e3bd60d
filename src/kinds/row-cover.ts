/** A declared object and the column that says whose a row is go in; what keeps its rows apart for their readers comes out. */
import { pathKey, type Tree } from '../model/object.ts';
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import { nameOf, pathsRead } from './paths-read.ts';
import { engineOf, keyParts } from './table-engine.ts';
import { columnTypes } from './view-text.ts';

/**
 * `policy`: a row policy on the object itself. `reader`: it reads with the rights and under the policies of whoever reads it, so
 * that those of the tables beneath count. `refused`: rows get past every policy, or nobody knows whether they do.
 */
export type RowCover = { readonly by: 'policy' | 'reader' } | { readonly refused: string };

/** What is known of the objects around it. */
export interface Surrounded {
  /** Path keys of objects whose rows are kept apart. */
  readonly covered: ReadonlySet<string>;
  /** Clusters on every node of which these readers and the policies for them are declared. */
  readonly clusters: ReadonlySet<string>;
}

/** Engines whose every way of reading goes through row policies; the MergeTree family is the others'. */
const POLICED: ReadonlySet<string> = new Set(['Log', 'StripeLog', 'TinyLog', 'Memory', 'Buffer']);

/** `joinGet` and `IN` look rows up without any policy: https://clickhouse.com/docs/engines/table-engines/special/join */
const LOOKED_UP: ReadonlySet<string> = new Set(['Join', 'Set']);

/** Paths of the tables behind FROM and JOIN; of those without a database, in the one given. */
export function tablesRead(query: string, database: string): string[][] {
  return pathsRead(tokenize(query)).map((path) => (path.length === 1 ? [database, ...path] : path));
}

/** Whether a query could give such a column: a policy on a view that does not have it makes every reading of the view fail. */
function mayGive(query: string, column: string): boolean {
  return tokenize(query).some((token) => token.text === '*' || nameOf(token) === column);
}

function distributedCover(engine: string, database: string, { covered, clusters }: Surrounded): RowCover {
  const [cluster = '', ...target] = keyParts(`(${engineOf(engine).parameters})`).map((part) =>
    /^['"`]/.test(part) ? unquote(part) : part,
  );
  const [inside = database, table = ''] = target;
  if (!clusters.has(cluster))
    return {
      refused: `row policies of a Distributed table count on its shards alone, and \`${cluster}\` is no declared cluster that the tenant is on`,
    };
  if (!covered.has(pathKey([inside, table])))
    return { refused: `it reads \`${inside}.${table}\`, where nothing keeps the tenants' rows apart` };
  return { by: 'reader' };
}

function viewCover({ root }: Tree, column: string, { covered }: Surrounded): RowCover | undefined {
  const { columns, query, sqlSecurity } = root.attributes;
  const text = String(query);
  const isReader = root.id.kind === 'view' && (sqlSecurity === undefined || sqlSecurity === 'INVOKER');
  const [database = ''] = root.id.path;
  const readsCovered = tablesRead(text, database).some((path) => covered.has(pathKey(path)));
  if (isReader) return readsCovered ? { by: 'reader' } : undefined;
  const has = columns === undefined ? mayGive(text, column) : columnTypes(String(columns)).has(column);
  if (has) return { by: 'policy' };
  return readsCovered
    ? {
        refused:
          'it shows what it makes of all rows, and has no column by which a policy could tell them apart',
      }
    : undefined;
}

/** Undefined for what has no such column. Throws a ParseError or a TokenError where the SQL can't be read. */
export function rowCover(tree: Tree, column: string, around: Surrounded): RowCover | undefined {
  const { id, attributes } = tree.root;
  if (typeof attributes.query === 'string') return viewCover(tree, column, around);
  if (!tree.parts.some((part) => part.id.path.at(-1) === column && isColumn(part.id.kind))) return undefined;
  if (id.kind === 'dictionary') return { by: 'policy' };
  if (id.kind !== 'table') return undefined;
  const engine = String(attributes.engine ?? '');
  const { name } = engineOf(engine);
  // It shows the tables that its reader may read, and fails where they and itself have policies.
  if (name === 'Merge') return { by: 'reader' };
  if (name === 'Distributed') return distributedCover(engine, id.path[0] ?? '', around);
  if (name.endsWith('MergeTree') || POLICED.has(name)) return { by: 'policy' };
  if (LOOKED_UP.has(name))
    return { refused: `rows of a ${name} table can be looked up past every row policy` };
  return { refused: `nobody has shown that row policies keep the rows of engine ${name} apart` };
}

const isColumn = (kind: string): boolean => kind === 'column' || kind === 'attribute';
