/** A federation and the declared objects go in; its views over all members come out, and which views have none, and why. */
import { columnsOf } from '../kinds/column-keys.ts';
import { engineOf, keyParts } from '../kinds/table-engine.ts';
import type { DeclaredObject } from '../model/estate.ts';
import { type CoveredTable, type Federation, isCovered, type Unfederated } from '../model/federation.ts';
import { nameKey, pathKey, showPath, type Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { qualified } from '../sql/quote.ts';
import { federatedQuery, type ReadThrough } from './federated-query.ts';

/** Whether rows of one key may lie on two members: writes have moved, and what was written before is still read. */
function spans({ stage, reads, writes }: Pick<Federation, 'stage' | 'reads' | 'writes'>): boolean {
  return ['switchover', 'decommission'].includes(stage) || (stage === 'network' && writes !== reads);
}

/** Rows from which every server makes the same. */
const SAME_EVERYWHERE = new Set([pathKey(['system', 'one']), pathKey(['system', 'numbers'])]);

function hiddenColumns(tree: Tree): string[] {
  const values = tree.parts.filter(({ attributes }) =>
    /^(?:MATERIALIZED|ALIAS)\b/.test(String(attributes.value)),
  );
  const hidden = new Set(values.map(({ id }) => id.path.at(-1)));
  return [...columnsOf(tree)].map(([name]) => name).filter((name) => hidden.has(name));
}

/** How the table is read with FINAL: servers merge rows of a key each by itself. */
function mergedBy({ root }: Tree, federated: readonly string[]): Pick<ReadThrough, 'merged' | 'unmergeable'> {
  const { name, parameters } = engineOf(String(root.attributes.engine));
  const [version, deleted] = new Cursor(parameters).list().filter((one) => !one.startsWith("'"));
  const key = keyParts(String(root.attributes.orderBy ?? ''));
  if (!name.endsWith('ReplacingMergeTree') || version === undefined || key.length === 0) {
    const unmergeable = `it reads \`${showPath(root.id.path)}\`, a ${name}, with FINAL, and nothing says how rows of one key on two members are put together`;
    return { unmergeable };
  }
  const newest = `SELECT * FROM ${qualified(federated)} ORDER BY ${version} DESC LIMIT 1 BY ${key.join(', ')}`;
  return { merged: deleted === undefined ? newest : `SELECT * FROM (${newest}) WHERE NOT ${deleted}` };
}

export interface FederatedViews {
  readonly views: readonly CoveredTable[];
  readonly unfederated: readonly Unfederated[];
  readonly generated: readonly DeclaredObject[];
}

/** `nameOf` gives the name of what something is read through. A view of that name that is declared by hand stands for it. */
export function federatedViews(
  federation: Omit<Federation, 'views' | 'unfederated'>,
  objects: readonly DeclaredObject[],
  nameOf: (name: string) => string,
): FederatedViews {
  const here = objects.filter(({ clusters }) => clusters.has(federation.reads));
  const byName = new Map(here.map(({ tree }) => [nameKey(tree.root.id), tree]));
  const tables = new Map(federation.covered.map((table) => [pathKey(table.path), table]));
  const known = new Map<string, ReadThrough | string | undefined>();
  const open = new Set([
    ...SAME_EVERYWHERE,
    ...federation.covered.map(({ federated }) => pathKey(federated)),
  ]);
  const generated: DeclaredObject[] = [];
  const views: CoveredTable[] = [];
  const unfederated: Unfederated[] = [];

  const throughTable = (tree: Tree, { federated }: CoveredTable): ReadThrough => {
    const { merged, unmergeable } = mergedBy(tree, federated);
    const isSpanning = merged !== undefined && spans(federation);
    return {
      ...{ path: federated, hidden: hiddenColumns(tree) },
      ...(isSpanning && { merged }),
      ...(unmergeable !== undefined && { unmergeable }),
    };
  };

  const throughView = ({ root }: Tree): ReadThrough | string | undefined => {
    const { path } = root.id;
    const [database = '', name = ''] = path;
    const federated = [database, nameOf(name)];
    const own = `\`${showPath(path)}\`, which has no view over all members`;
    if (byName.has(pathKey(federated))) return { path: federated };
    if (!isCovered(federation, path)) return undefined;
    const made = federatedQuery(String(root.attributes.query), {
      database,
      through,
      isOpen: (other) =>
        open.has(pathKey(other)) || views.some((one) => pathKey(one.federated) === pathKey(other)),
    });
    if (!made) return undefined;
    if ('why' in made) {
      unfederated.push({ path, federated, why: made.why, ...(root.place && { place: root.place }) });
      return `it reads ${own}`;
    }
    const comment = `${showPath(path)} on all members of ${federation.name}`;
    const attributes = { ...root.attributes, query: made.query, comment };
    const place = federation.place && { place: federation.place };
    const tree = { root: { id: { kind: 'view', path: federated }, attributes, ...place }, parts: [] };
    const generatedBy = `Federation ${federation.name}`;
    generated.push({ tree, clusters: new Set([federation.reads]), generatedBy, unlinted: true });
    views.push({ path, federated });
    return { path: federated };
  };

  const through = (path: readonly string[]): ReadThrough | string | undefined => {
    const key = pathKey(path);
    if (known.has(key)) return known.get(key);
    // A view that reads itself, through others.
    known.set(key, undefined);
    const tree = byName.get(key);
    const table = tables.get(key);
    const isMaterialized = tree?.root.id.kind === 'materialized view' && isCovered(federation, path);
    const told = `it reads the materialized view \`${showPath(path)}\`; read the table in which its rows are`;
    let found: ReadThrough | string | undefined;
    if (tree && table) found = throughTable(tree, table);
    else if (tree?.root.id.kind === 'view') found = throughView(tree);
    else if (isMaterialized) found = told;
    known.set(key, found);
    return found;
  };

  for (const { tree } of here) if (tree.root.id.kind === 'view') through(tree.root.id.path);
  return { views, unfederated, generated };
}
