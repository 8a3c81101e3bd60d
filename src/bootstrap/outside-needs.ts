/** An estate and one of its clusters go in; what an applier needs there for all that reads or writes outside of the server comes out. */
import { engineOf } from '../kinds/table-engine.ts';
import { isPaired } from '../model/dr-pair.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import type { Feed } from '../model/feed.ts';
import { identifier, qualified } from '../sql/quote.ts';
import { declaredOn, type Need } from './need.ts';
import { histories } from './planner-needs.ts';

/** What stands behind READ ON, by the way of a feed. */
const SOURCE = { s3: 'S3', gcs: 'S3', azure: 'AZURE', url: 'URL', file: 'FILE' } as const;

function feedRights({ source }: Feed): string[] {
  if (source.from === 'table') {
    const rights = [`SELECT ON ${qualified([source.database, source.table])}`];
    return source.cluster === undefined ? rights : [...rights, 'READ ON REMOTE'];
  }
  const right = `READ ON ${SOURCE[source.from]}`;
  const collection = 'collection' in source ? source.collection : undefined;
  return collection === undefined ? [right] : [right, `NAMED COLLECTION ON ${identifier(collection)}`];
}

/** What the text of an engine takes from a named collection: its first argument, where that is a bare name. */
function collectionRights(engine: string, collections: ReadonlySet<string>): string[] {
  const [, first = ''] = /^\w+\(\s*([\w]+)/.exec(engine) ?? [];
  return collections.has(first) ? [`NAMED COLLECTION ON ${identifier(first)}`] : [];
}

export function outsideNeeds(estate: Estate, cluster: Cluster): Need[] {
  const collections = new Set(
    declaredOn(estate, cluster, 'named collection').flatMap(({ tree }) => tree.root.id.path),
  );
  const engines = declaredOn(estate, cluster, 'table', 'materialized view').flatMap(({ tree }) => {
    const { engine } = tree.root.attributes as { readonly engine?: string };
    return engine ? [engine] : [];
  });
  const databases = declaredOn(estate, cluster, 'database').map(
    ({ tree }) => (tree.root.attributes as { readonly engine: string }).engine,
  );
  const tables = new Set(histories(estate, cluster).map(qualified));
  const feeds = (estate.feeds ?? []).filter(({ table }) => tables.has(qualified(table)));
  const paired = estate.pairs.filter(({ sites }) => sites.some((site) => site.cluster === cluster.name));
  const copies = paired.flatMap(({ copy, sites }) => {
    if (!copy) return [];
    if ('cluster' in copy) return ['READ ON REMOTE'];
    const names = sites.map((site) => copy.namedCollection.replaceAll('{site}', site.cluster));
    return ['READ ON REMOTE', ...names.map((name) => `NAMED COLLECTION ON ${nameOrMany(name)}`)];
  });
  return [
    {
      why: 'to make databases, tables and views of the declared engines',
      rights: ['Atomic', 'View', 'MaterializedView', ...databases, ...engines].flatMap((engine) => [
        `TABLE ENGINE ON ${engineOf(engine).name}`,
        ...collectionRights(engine, collections),
      ]),
    },
    { why: 'to read the sources of feeds', rights: feeds.flatMap(feedRights) },
    { why: 'to copy from the other site of a pair', rights: copies },
  ];
}

/** One collection for each shard means every collection: names with a hole can't be granted. */
const nameOrMany = (name: string): string => (name.includes('{') ? '*' : identifier(name));

/** Whether a table is one whose partitions repairs replace. */
export function isRepaired(estate: Estate, cluster: Cluster, path: readonly string[]): boolean {
  return estate.pairs.some(
    (pair) => pair.copy && pair.sites.some((site) => site.cluster === cluster.name) && isPaired(pair, path),
  );
}
