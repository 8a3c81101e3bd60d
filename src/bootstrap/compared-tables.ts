/** A cluster goes in; the tables whose rows are compared with those of another site come out, as targets of grants. */
import { fitsTable, isPaired } from '../model/dr-pair.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import { qualified } from '../sql/quote.ts';
import { databasesOn, declaredOn, everythingIn } from './need.ts';

/** A pattern of which only the end is open is a target; of the others every database counts that holds such a table. */
function targetsOf(pattern: string, databases: readonly string[]): string[] {
  const [, database = '', table = ''] = /^(\w+)\.(\w+|\*)$/.exec(pattern) ?? [];
  if (table === '*') return [everythingIn(database)];
  if (table !== '') return [qualified([database, table])];
  return databases.filter((name) => fitsTable(`${pattern.split('.')[0]}.*`, [name, 'x'])).map(everythingIn);
}

/** Tables that nobody declared are compared too, and so whole databases are named where a pair does. */
export function comparedTables(estate: Estate, cluster: Cluster): string[] {
  const pairs = estate.pairs.filter(({ sites }) => sites.some((site) => site.cluster === cluster.name));
  const databases = databasesOn(estate, cluster);
  return pairs.flatMap(({ tables }) => tables.flatMap((pattern) => targetsOf(pattern, databases)));
}

/** The declared ones among them. */
export function pairedTables(estate: Estate, cluster: Cluster): string[] {
  const pairs = estate.pairs.filter(({ sites }) => sites.some((site) => site.cluster === cluster.name));
  return declaredOn(estate, cluster, 'table')
    .map(({ tree }) => tree.root.id.path)
    .filter((path) => pairs.some((pair) => isPaired(pair, path)))
    .map(qualified);
}
