/** A federation and the declared objects go in; the tables that it covers come out, each with the Distributed table by which it is read. */
import { columnsOf } from '../kinds/column-keys.ts';
import { table } from '../kinds/table.ts';
import { isMergeTree } from '../kinds/table-engine.ts';
import { fitsTable } from '../model/dr-pair.ts';
import type { DeclaredObject } from '../model/estate.ts';
import {
  type CoveredTable,
  type Federation,
  isCovered,
  type WrittenFederation,
} from '../model/federation.ts';
import { nameKey, pathKey, showPath, type Tree } from '../model/object.ts';
import { type Place, showPlace } from '../model/place.ts';
import { literal } from '../sql/quote.ts';
import type { Expanding } from './expand-federations.ts';
import type { Entry } from './files.ts';
import { didYouMean } from './messages.ts';

const USUAL_NAMES = '{table}_federated';

/** The tables of the MergeTree family: what others give, they give by themselves. */
export function coveredBy(federation: WrittenFederation, objects: readonly DeclaredObject[]): Tree[] {
  return objects
    .filter(({ tree, clusters }) => {
      const { id, attributes } = tree.root;
      if (id.kind !== 'table' || !clusters.has(federation.reads)) return false;
      return isCovered(federation, id.path) && isMergeTree(String(attributes.engine));
    })
    .map(({ tree }) => tree);
}

/** A column without a type gets one from the server, so that no other table can be given the same. */
function untyped(tree: Tree): string | undefined {
  return [...columnsOf(tree)].find(([, { type }]) => !type)?.[0];
}

function federatedTable(
  { name: cluster }: Pick<Federation, 'name'>,
  { root, parts }: Tree,
  [database = '', name = '']: readonly string[],
  place: Place,
): Tree {
  const columns = parts.filter(
    ({ id, attributes }) => id.kind === 'column' && !String(attributes.value).startsWith('EPHEMERAL'),
  );
  const entries = columns.map(({ id, attributes }) => [id.path.at(-1) ?? '', attributes.type]);
  const names = entries.map(([column]) => String(column));
  const parameters = [cluster, ...root.id.path].map(literal).join(', ');
  const value = {
    ...{ database, name, columns: Object.fromEntries(entries) },
    engine: `Distributed(${parameters})`,
    comment: `${showPath(root.id.path)} on all members of ${cluster}`,
  };
  return table.declare({ value, place: () => place, keys: ([key] = []) => (key === 'columns' ? names : []) });
}

export interface Covering {
  readonly covered: readonly CoveredTable[];
  readonly generated: readonly DeclaredObject[];
  /** What something of this name is read through. */
  nameOf(name: string): string;
}

/** What can't be covered is reported. */
export function cover(
  federation: WrittenFederation,
  { objects, histories, report }: Expanding,
  entry: Entry,
): Covering {
  const { names = USUAL_NAMES, tables: patterns } = entry.value as {
    readonly names?: string;
    readonly tables: unknown;
  };
  const trees = coveredBy(federation, objects);
  const taken = new Map(objects.map(({ tree }) => [nameKey(tree.root.id), tree.root.place]));
  const views = objects
    .filter(({ tree, clusters }) => tree.root.id.kind === 'view' && clusters.has(federation.reads))
    .map(({ tree }) => tree);
  const nameOf = (name: string): string => names.replaceAll('{table}', name);
  for (const [at, pattern] of federation.tables.entries()) {
    if ([...trees, ...views].some(({ root }) => fitsTable(pattern, root.id.path))) continue;
    const tables = objects.filter(({ tree }) => /^(?:table|view)$/.test(tree.root.id.kind));
    const hint = didYouMean(
      pattern,
      tables.map(({ tree }) => showPath(tree.root.id.path)),
    );
    const message = `no view or table of the MergeTree family that is declared on \`${federation.reads}\` fits \`${pattern}\`${hint}`;
    report('unknown-table', message, entry.place(typeof patterns === 'string' ? ['tables'] : ['tables', at]));
  }
  const covered: CoveredTable[] = [];
  const generated: DeclaredObject[] = [];
  for (const tree of trees) {
    const { path } = tree.root.id;
    const [database = '', name = ''] = path;
    const federated = [database, nameOf(name)];
    const twin = taken.get(pathKey(federated));
    const column = untyped(tree);
    const place = entry.place(['tables']);
    if (twin) {
      const message = `\`${showPath(federated)}\` is declared at ${showPlace(twin)}, and would be the Distributed table of \`${showPath(path)}\`; change \`names\``;
      report('duplicate', message, place);
    }
    if (column !== undefined) {
      const message = `\`${showPath(path)}\` is covered by federation \`${federation.name}\`, so its column \`${column}\` needs a type`;
      report('untyped-column', message, tree.root.place ?? place);
    }
    if (twin || column !== undefined) continue;
    covered.push({ path, federated, ...(histories.has(pathKey(path)) && { isHistory: true }) });
    const made = federatedTable(federation, tree, federated, place);
    const generatedBy = `Federation ${federation.name}`;
    generated.push({ tree: made, clusters: new Set([federation.reads]), generatedBy, unlinted: true });
  }
  return { covered, generated, nameOf };
}
