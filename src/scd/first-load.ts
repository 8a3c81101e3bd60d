/** A landed batch of a tenant without history goes in; where no key has two rows, they are its history as they stand, and stay so. */
import { OPEN_END } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { goodRows } from './landed.ts';
import type { Load } from './load.ts';
import { LOAD_SETTINGS } from './statements.ts';
import { list, valuesOf } from './versions.ts';

/** What was landed: so many rows, and the sum of the hashes of their keys and times. */
export interface First {
  readonly rows: string;
  readonly digest: string;
}

/** Larger batches are written in several blocks, of which each holds whole histories of its keys. */
const BLOCK = 1_000_000;

/** Undefined where a key has several rows, and nothing was written. */
export async function insertFirst(
  { server, scd, tenant, lock, statements, watch }: Load,
  batch: string,
  { version, good }: { readonly version: string; readonly good: number },
): Promise<First | undefined> {
  const { key, validity } = scd;
  const landed = goodRows(scd, { id: batch, tenant });
  const [by, values, from] = [list(key), list(valuesOf(scd)), identifier(validity.from)];
  const inOrder = `ORDER BY ${identifier(scd.tenant)}, ${by}, ${from}`;
  // Without PARTITION BY, which takes longer for each key than all else here. Before the first row there is one of default
  // values: a key like that is taken for one that has two rows.
  const [[repeats, rows, digest] = ['1', '0', '0']] = await server.rows<[string, string, string]>(
    `SELECT toString(countIf(\`#key\` = \`#before\`)), toString(count()), toString(sum(cityHash64(${by}, ${from})))
     FROM (
       SELECT ${by}, ${from}, tuple(${by}) AS \`#key\`, lagInFrame(\`#key\`) OVER (${inOrder} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS \`#before\`
       FROM ${landed.from} WHERE ${landed.where} AND ${identifier(scd.tenant)} = ${literal(tenant)}
     )`,
    { timeout: 3_600_000 },
  );
  if (repeats !== '0') return undefined;
  const written = [
    ...[scd.tenant, ...key, ...valuesOf(scd)],
    ...[validity.from, validity.to, validity.current, validity.version, validity.retracted],
  ];
  await lock.check();
  const queryId = statements.id();
  watch('writing versions', queryId);
  await server.run(
    `INSERT INTO ${qualified([scd.database, scd.name])} (${list(written)})
     SELECT ${identifier(scd.tenant)}, ${by}, ${values}, ${from}, ${OPEN_END}, true, ${version}, ${landed.deleted}
     FROM ${landed.from} WHERE ${landed.where} AND ${identifier(scd.tenant)} = ${literal(tenant)} ${inOrder}`,
    {
      queryId,
      settings: {
        ...LOAD_SETTINGS,
        // A part that was merged when it was inserted stands by itself: FINAL reads it as it is.
        optimize_on_insert: 1,
        ...(good > BLOCK && {
          min_insert_block_size_rows: String(BLOCK),
          min_insert_block_size_bytes: '268000000',
        }),
      },
    },
  );
  return { rows, digest };
}

/** What is wrong with a history whose versions are all open: each landed row must be there, once. */
export async function verifyFirst(
  { server, scd, tenant }: Load,
  { rows, digest }: First,
): Promise<string | undefined> {
  const { key, validity } = scd;
  const [from, to, current] = [validity.from, validity.to, validity.current].map(identifier);
  const [[stored, sum, open] = ['0', '0', '0']] = await server.rows<[string, string, string]>(
    `SELECT toString(count()), toString(sum(cityHash64(${list(key)}, ${from}))), toString(countIf(${current} AND ${from} < ${to} AND ${to} = ${OPEN_END}))
     FROM ${qualified([scd.database, scd.name])} WHERE ${identifier(scd.tenant)} = ${literal(tenant)}`,
    { timeout: 3_600_000 },
  );
  return stored === rows && open === rows && sum === digest
    ? undefined
    : `of ${rows} landed rows ${stored} are there, ${open} of them open`;
}
