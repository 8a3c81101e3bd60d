/** Compares generated tables with every type of column: one cell is always found, and a part's layout never looks like a difference. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unlikeHashes } from '../src/dr/same-hashes.ts';
import { readSiteFacts } from '../src/dr/site.ts';
import { LIBERAL, TYPES, wideRows, wideTable, wideTruth } from './support/dr-generated.ts';
import { startSites, type TestSites } from './support/dr-sites.ts';
import { size } from './support/size.ts';

let sites: TestSites;
beforeAll(async () => {
  sites = await startSites();
});
afterAll(() => sites.stop());

const TABLE_CASES = 500;

/** Partitions in tables of at most so many, each with its first partition. */
function chunks(cases: number): [number, number][] {
  const starts = Array.from({ length: Math.ceil(cases / TABLE_CASES) }, (_, at) => at * TABLE_CASES);
  return starts.map((from) => [from, Math.min(TABLE_CASES, cases - from)]);
}

async function insert(site: 'active' | 'passive', table: string, rows: string): Promise<void> {
  await sites[site].run(`INSERT INTO dr.${table} ${rows}`, { settings: LIBERAL });
}

describe('one cell', () => {
  it.each(chunks(size(200, 10_000)))('is found in each of the partitions from %i on', async (from, count) => {
    const table = `cells${from}`;
    await sites.run(wideTable(table));
    await Promise.all([
      insert('active', table, wideRows([from, count], false)),
      insert('passive', table, wideRows([from, count], true)),
    ]);
    const [here, there] = await Promise.all(
      [sites.active, sites.passive].map(
        async (site) => new Map(await site.rows<[string, string]>(wideTruth(table))),
      ),
    );
    const { partitions } = await sites.table(table, { located: 0 });
    const differ = partitions.filter(({ partition }) => here?.get(partition) !== there?.get(partition));
    const found = partitions.filter(({ verdict }) => verdict !== 'equal');
    expect(partitions.length).toBe(count);
    expect(found.map(({ partition }) => partition)).toEqual(differ.map(({ partition }) => partition));
    expect(differ.length).toBeGreaterThan(count * 0.9);
  });
});

describe('parts that lie otherwise', () => {
  it.each(chunks(size(40, 1000)))('hold the same from partition %i on', async (from, count) => {
    const table = `layouts${from}`;
    await sites.active.run(wideTable(table));
    await sites.passive.run(
      wideTable(table, ' SETTINGS index_granularity = 2, ratio_of_defaults_for_sparse_serialization = 0.1'),
    );
    const rows = wideRows([from, count], false);
    await sites.passive.run(`CREATE TABLE dr.rows${from} EMPTY AS dr.${table} ENGINE = Memory`);
    await Promise.all([insert('active', table, rows), insert('passive', `rows${from}`, rows)]);
    for (const third of [2, 0, 1])
      await insert(
        'passive',
        table,
        `SELECT * FROM dr.rows${from} WHERE k % 3 = ${third} ORDER BY p, k DESC`,
      );
    await sites.passive.run(`ALTER TABLE dr.${table} MODIFY SETTING min_bytes_for_wide_part = 0`);
    for (let at = from; at < from + count; at += 9)
      await sites.passive.run(`OPTIMIZE TABLE dr.${table} PARTITION ID '${at}' FINAL`);
    const { partitions } = await sites.table(table);
    expect(partitions.length).toBe(count);
    expect(partitions.filter(({ verdict }) => verdict !== 'equal')).toEqual([]);
  });
});

describe('servers of different versions', () => {
  it('are asked to hash values of every type', async () => {
    const [active, passive] = await Promise.all(
      [sites.active, sites.passive].map(async (server) => ({
        server,
        facts: await readSiteFacts({ server }),
      })),
    );
    if (!active || !passive) throw new Error('no two sites');
    const older = { ...passive, facts: { ...passive.facts, version: '26.3' } };
    expect(await unlikeHashes([active, older], TYPES)).toEqual(new Map());
    expect([
      ...(
        await unlikeHashes([active, older], ['AggregateFunction(sumMap, Array(UInt8), Array(UInt8))'])
      ).values(),
    ]).toEqual([expect.stringContaining(`can't be tried`)]);
  });
});
