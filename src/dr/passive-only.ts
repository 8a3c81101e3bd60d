/** The differing rows of a partition go in; how many of them the passive site alone has comes out. */
import type { Side } from './bounds.ts';
import type { Difference } from './comparison.ts';
import { fromRows, type Reading } from './digests.ts';
import { both, exactly } from './site.ts';

/** Hashes of so many differing rows, of both sites together, are worth fetching. */
const MOST_ROWS = 100_000;

/** How often each site has a row. */
interface Held {
  active: number;
  passive: number;
}

/** By the row's key, then by the row. */
type Tally = Map<string, Map<string, Held>>;

function count(tally: Tally, rows: readonly (readonly [string, string])[], site: keyof Held): void {
  for (const [key, row] of rows) {
    const found = tally.get(key) ?? new Map<string, Held>();
    tally.set(key, found);
    const held = found.get(row) ?? { active: 0, passive: 0 };
    found.set(row, held);
    held[site]++;
  }
}

/**
 * A row that only the passive site has may be another version of one that only the active site has: of each key, as many count
 * as such. Copies of a row that both have are nothing that would be lost.
 */
function alone(tally: Tally): number {
  let rows = 0;
  for (const found of tally.values()) {
    const held = [...found.values()];
    const passive = held.reduce((sum, one) => sum + (one.active === 0 ? one.passive : 0), 0);
    const active = held.reduce((sum, one) => sum + (one.passive === 0 ? one.active : 0), 0);
    rows += Math.max(0, passive - active);
  }
  return rows;
}

/** Undefined where that would be too many rows to look at, or only counts were compared. */
export async function countPassiveOnly(
  sides: readonly [Side, Side],
  reading: Reading,
  partition: string,
  differences: readonly Difference[],
): Promise<number | undefined> {
  const held = differences.filter(({ passive }) => passive.rows > 0);
  if (held.length === 0) return 0;
  const rows = held.reduce((sum, { active, passive }) => sum + active.rows + passive.rows, 0);
  if (rows > MOST_ROWS || reading.depth === 'rows') return undefined;
  const { key, row } = reading.question;
  const hash =
    key.length === 0 ? '0' : `cityHash64(tuple(${key.map(({ expression }) => expression).join(', ')}))`;
  const where = held.map((one) => `(${one.where})`).join(' OR ');
  const slice = { partitions: [partition], where: [`(${where})`] };
  const answers = await both(sides, ({ server, facts }) =>
    server.rows<[string, string]>(
      `SELECT toString(${hash}), toString(${row(reading.now)}) ${fromRows(reading, slice)}`,
      exactly(facts),
    ),
  );
  const tally: Tally = new Map();
  count(tally, answers[0], 'active');
  count(tally, answers[1], 'passive');
  return alone(tally);
}
