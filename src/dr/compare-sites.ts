/** Two sites and the names of tables go in; what is equal, what differs and where comes out, as plain data. */
import { pathKey } from '../model/object.ts';
import type { Side } from './bounds.ts';
import { type CompareOptions, compareTable } from './compare-table.ts';
import type { SiteComparison, TableComparison } from './comparison.ts';
import { readPartSets } from './part-sets.ts';
import { unlikeHashes } from './same-hashes.ts';
import { both, readSiteFacts, type Site } from './site.ts';
import { type TablePair, tablePair, type Verdict } from './table-pair.ts';

const isPair = (one: TablePair | Verdict): one is TablePair => 'question' in one;

/**
 * Compares these tables (database and name) of two sites, one query of each at a time; nothing needs to run between the sites, and
 * nothing is written to them. Saves `options.proven` at the end. Throws ServerError when a site can't be read.
 */
export async function compareSites(
  active: Site,
  passive: Site,
  paths: readonly (readonly string[])[],
  options: CompareOptions,
): Promise<SiteComparison> {
  const sides: [Side, Side] = await both([active, passive], async (site) => ({
    server: site.server,
    facts: await readSiteFacts(site),
  }));
  const facts = [sides[0].facts, sides[1].facts] as const;
  const pairs = paths.map((path) => {
    const key = pathKey(path);
    return { path, pair: tablePair(active.state.get(key), passive.state.get(key), facts) };
  });
  const comparable = pairs.flatMap(({ pair }) => (isPair(pair) ? [pair] : []));
  const [parts, unlike] = await Promise.all([
    both(sides, ({ server }) =>
      readPartSets(
        server,
        comparable.map(({ path }) => path),
      ),
    ),
    unlikeHashes(
      sides,
      comparable.flatMap(({ question }) => question.types),
    ),
  ]);
  const tables: TableComparison[] = [];
  for (const { path, pair } of pairs) {
    if (!isPair(pair)) {
      tables.push({ path, ...pair, partitions: [] });
      continue;
    }
    const [here, there] = parts.map((one) => one.get(pathKey(path)));
    if (!here || !there) throw new Error(`no parts were read of ${path.join('.')}`);
    const hashes = pair.question.types.flatMap((type) => unlike.get(type) ?? [])[0];
    if (hashes !== undefined) {
      tables.push({ path, verdict: 'not comparable', reason: hashes, partitions: [] });
      continue;
    }
    const lag = Object.entries({ active: here.lagging, passive: there.lagging }).find(([, one]) => one);
    tables.push(
      lag
        ? { path, verdict: 'lagging', reason: `on the ${lag[0]} site ${lag[1]}`, partitions: [] }
        : await compareTable(sides, pair, [here, there], options),
    );
  }
  options.proven.save();
  return { depth: options.depth, tables };
}
