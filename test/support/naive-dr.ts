/** What many tools do instead of a comparison: rows per partition, counted in system.parts, on both sites. */
import { literal } from '../../src/sql/quote.ts';
import { DATABASE, type TestSites } from './dr-sites.ts';

/** Whether so simple a look finds the sites equal. */
export async function naivelyEqual({ active, passive }: TestSites, table: string): Promise<boolean> {
  const counts = await Promise.all(
    [active, passive].map((site) =>
      site.rows(
        `SELECT partition_id, toString(sum(rows)) FROM system.parts
         WHERE active AND database = '${DATABASE}' AND table = ${literal(table)} GROUP BY 1 ORDER BY 1`,
      ),
    ),
  );
  return JSON.stringify(counts[0]) === JSON.stringify(counts[1]);
}
