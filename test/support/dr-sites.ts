/** Two servers without any way from one to the other, as the two sites of a pair, and the product's own comparison of them. */
import { join } from 'node:path';
import { compareSites } from '../../src/dr/compare-sites.ts';
import type { CompareOptions } from '../../src/dr/compare-table.ts';
import type { SiteComparison, TableComparison } from '../../src/dr/comparison.ts';
import { readFacts, readNode } from '../../src/live/read.ts';
import type { Server } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import { startTestEstate } from './test-estate.ts';

export const DATABASE = 'dr';

export interface TestSites {
  readonly active: Server;
  readonly passive: Server;
  /** Runs the statements on both. */
  run(...statements: readonly string[]): Promise<void>;
  compare(tables: readonly string[], options?: Partial<CompareOptions>): Promise<SiteComparison>;
  /** The only table of a comparison. */
  table(name: string, options?: Partial<CompareOptions>): Promise<TableComparison>;
  /** Its partitions' verdicts, or its own where its rows were not compared. */
  verdicts(name: string, options?: Partial<CompareOptions>): Promise<readonly string[]>;
  /** A place for what was proven equal, which no other test uses. */
  fresh(): string;
  stop(): Promise<void>;
}

/** The verdicts of a table's partitions, or its own where its rows were not compared. */
export function verdictsOf({ verdict, partitions }: TableComparison): readonly string[] {
  return verdict === 'compared' ? partitions.map((one) => one.verdict) : [verdict];
}

/** Each site is a server of its own; the passive one may live in another time zone. */
export async function startSites(timezone = 'UTC'): Promise<TestSites> {
  const estates = await Promise.all([startTestEstate(1), startTestEstate(1, { timezone })]);
  const [active, passive] = estates.flatMap(({ sql }) => sql);
  if (!active || !passive) throw new Error('no two servers');
  const { folder } = estates[0];
  let files = 0;
  const fresh = (): string => join(folder, `proven-${files++}.json`);
  const site = async (server: Server): Promise<Parameters<typeof compareSites>[0]> => {
    const { state } = await readNode(server, await readFacts(server, 10_000));
    return { server, state };
  };
  const sites: TestSites = {
    active,
    passive,
    fresh,
    async run(...statements) {
      for (const statement of statements) await Promise.all([active.run(statement), passive.run(statement)]);
    },
    async compare(tables, options = {}) {
      const paths = tables.map((name) => [DATABASE, name]);
      return compareSites(await site(active), await site(passive), paths, {
        depth: 'digest',
        hotSeconds: 0,
        proven: openSettled(fresh()),
        ...options,
      });
    },
    async table(name, options) {
      const { tables } = await sites.compare([name], options);
      return tables[0] as TableComparison;
    },
    async verdicts(name, options) {
      return verdictsOf(await sites.table(name, options));
    },
    stop: async () => {
      await Promise.all(estates.map((estate) => estate.stop()));
    },
  };
  await sites.run(`CREATE DATABASE ${DATABASE}`);
  return sites;
}
