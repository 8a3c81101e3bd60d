/** What many tools do instead of a repair: count the rows of parts, drop the partitions that differ, and insert them again. */
import { literal } from '../../src/sql/quote.ts';
import type { RepairSites, SiteName } from './dr-repair-sites.ts';

async function counts(sites: RepairSites, site: SiteName, table: string): Promise<Map<string, string>> {
  return new Map(
    await sites[site].rows<[string, string]>(
      `SELECT partition, toString(sum(rows)) FROM system.parts
       WHERE active AND database = 'dr' AND table = ${literal(table)} GROUP BY 1 ORDER BY 1`,
    ),
  );
}

/** Whether so simple a look finds nothing to do. */
export async function looksEqual(sites: RepairSites, table: string): Promise<boolean> {
  const [active, passive] = [await counts(sites, 'active', table), await counts(sites, 'passive', table)];
  return JSON.stringify([...active]) === JSON.stringify([...passive]);
}

/** Throws what the servers refuse, wherever that leaves the table. */
export async function repairNaively(
  sites: RepairSites,
  table: string,
  before: (statement: number) => Promise<void>,
): Promise<void> {
  const [active, passive] = [await counts(sites, 'active', table), await counts(sites, 'passive', table)];
  let number = 0;
  const send = async (statement: string): Promise<void> => {
    await before(number++);
    await sites.passive.run(statement);
  };
  const copy = `INSERT INTO dr.${table} SELECT * FROM cluster('other', 'dr', ${literal(table)})`;
  if (passive.size === 0) return active.size === 0 ? undefined : send(copy);
  const [key] = await sites.passive.rows<[string]>(
    `SELECT partition_key FROM system.tables WHERE database = 'dr' AND name = ${literal(table)}`,
  );
  const [expression = ''] = key ?? [];
  for (const partition of new Set([...active.keys(), ...passive.keys()])) {
    if (active.get(partition) === passive.get(partition)) continue;
    await send(`ALTER TABLE dr.${table} DROP PARTITION ${expression ? literal(partition) : 'tuple()'}`);
    await send(expression ? `${copy} WHERE toString(${expression}) = ${literal(partition)}` : copy);
  }
}
