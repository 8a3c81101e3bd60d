/** A landed batch that is all there is goes in; statements come out that land what follows from it: keys that went, keys that came back. */
import { LANDING, OPEN_END, type ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { FOREIGN, NO_KEY } from './land.ts';
import { type Batch, goodRows, landingTable } from './landed.ts';
import { list, valuesOf } from './versions.ts';

/** The versions that hold now, those of deletions included. */
function lastVersions(scd: ScdTable, tenant: string): string {
  const { validity, key } = scd;
  const by = list(key);
  const from = identifier(validity.from);
  return `
    SELECT ${by}, ${from}, ${identifier(validity.retracted)} FROM (
      SELECT ${by}, ${[from, ...[validity.to, validity.retracted].map(identifier)].join(', ')}
      FROM ${qualified([scd.database, scd.name])} WHERE ${identifier(scd.tenant)} = ${literal(tenant)}
      ORDER BY ${by}, ${from}, ${identifier(validity.version)} DESC LIMIT 1 BY ${by}, ${from}
    ) WHERE ${identifier(validity.to)} = ${OPEN_END}`;
}

/** Keys of bad rows are still there; a row whose key nobody can read may be any. */
function presentKeys(scd: ScdTable, { id }: Batch): string {
  const problem = identifier(LANDING.problem);
  return `SELECT ${list(scd.key)} FROM ${landingTable(scd)}
    WHERE ${identifier(LANDING.batch)} = ${literal(id)} AND ${problem} != ${literal(FOREIGN)} AND NOT startsWith(${problem}, ${literal(NO_KEY)})`;
}

/** One row: keys that hold now, and how many of them the source has no more. */
export function countVanished(scd: ScdTable, batch: Batch): string {
  return `SELECT count(), countIf((${list(scd.key)}) NOT IN (${presentKeys(scd, batch)}))
FROM (${lastVersions(scd, batch.tenant)}) WHERE NOT ${identifier(scd.validity.retracted)}`;
}

/** A key that vanished is deleted at the load's time, or a millisecond behind the beginning of its version where that is later. */
export function landVanished(scd: ScdTable, batch: Batch, time: string): string {
  const from = identifier(scd.validity.from);
  const names = [LANDING.batch, scd.tenant, ...scd.key, scd.validity.from, LANDING.deleted];
  return `INSERT INTO ${landingTable(scd)} (${list(names)})
SELECT ${literal(batch.id)}, ${literal(batch.tenant)}, ${list(scd.key)}, greatest(${time}, ${from} + INTERVAL 1 MILLISECOND), true
FROM (${lastVersions(scd, batch.tenant)})
WHERE NOT ${identifier(scd.validity.retracted)} AND (${list(scd.key)}) NOT IN (${presentKeys(scd, batch)})`;
}

/** A deleted key that the source has lives again from the load's time on, though its row is older than the deletion. */
export function landReturned(scd: ScdTable, batch: Batch, time: string): string {
  const { key, validity } = scd;
  const [by, from] = [list(key), identifier(validity.from)];
  const good = goodRows(scd, batch);
  const names = [LANDING.batch, scd.tenant, ...key, ...valuesOf(scd), validity.from];
  const rank = `NOT ${good.deleted}, ${scd.hash}, cityHash64(tuple(${list(valuesOf(scd))}))`;
  return `INSERT INTO ${landingTable(scd)} (${list(names)})
SELECT ${literal(batch.id)}, ${literal(batch.tenant)}, ${by}, ${list(valuesOf(scd))}, greatest(${time}, \`#end\` + INTERVAL 1 MILLISECOND)
FROM (
  SELECT ${[...key, ...valuesOf(scd), validity.from].map(identifier).join(', ')}, ${good.deleted} AS \`#gone\`
  FROM ${good.from} WHERE ${good.where} ORDER BY ${by}, ${from} DESC, (${rank}) DESC LIMIT 1 BY ${by}
) AS latest
INNER JOIN (
  SELECT ${by}, ${from} AS \`#end\` FROM (${lastVersions(scd, batch.tenant)}) WHERE ${identifier(validity.retracted)}
) AS ended USING (${by})
WHERE NOT \`#gone\` AND ${from} < \`#end\``;
}
