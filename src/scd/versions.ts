/** A landed batch goes in; the one INSERT comes out that closes the versions it ends and opens those it begins. */
import { OPEN_END, type ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { goodRows, type Portion, portionOf } from './landed.ts';

/** Columns of the rows beside the tenant and the key. */
export function valuesOf({ columns, tenant, key }: ScdTable): readonly string[] {
  return columns.map(({ name }) => name).filter((name) => name !== tenant && !key.includes(name));
}

export const list = (names: readonly string[]): string => names.map(identifier).join(', ');

/** What a query calls what it makes on its way; no column of a table is called so. */
const A = {
  at: '`#at`',
  absent: '`#absent`',
  hash: '`#hash`',
  origin: '`#origin`',
  until: '`#until`',
  sound: '`#sound`',
  digest: '`#digest`',
  kept: '`#kept`',
  ends: '`#ends`',
  was_stored: '`#was_stored`',
  wins: '`#wins`',
  covered: '`#covered`',
  next: '`#next`',
  before: '`#before`',
  behind: '`#behind`',
} as const;

/** Of a chain: when the next version begins, or the open end; and the hash that the values have. */
export const [CHAIN_NEXT, DIGEST] = [A.next, A.digest];

/**
 * The rows of a tenant that count, and a `next` by which the chain of each key can be followed. A row that was taken back lies
 * inside the one before it; a deletion is a row of its own, which begins where the one before it ends. FINAL hides both, so the
 * last row of each version is found by hand.
 */
export function chain(scd: ScdTable, tenant: string, where = ''): string {
  const { validity, key } = scd;
  const [from, to, version, retracted] = [
    validity.from,
    validity.to,
    validity.version,
    validity.retracted,
  ].map(identifier);
  const by = list(key);
  const columns = [...key, ...valuesOf(scd), ...Object.values(validity)];
  const row = `PARTITION BY ${by} ORDER BY ${from}`;
  return `
SELECT *, leadInFrame(${from}, 1, ${OPEN_END}) OVER (${row} ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS ${A.next}
FROM (
  SELECT *, max(toNullable(${to})) OVER (${row} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ${A.covered}
  FROM (
    SELECT ${list(columns)}, ${scd.hash} AS ${A.digest} FROM ${qualified([scd.database, scd.name])}
    WHERE ${identifier(scd.tenant)} = ${literal(tenant)}${where}
    ORDER BY ${by}, ${from}, ${version} DESC LIMIT 1 BY ${by}, ${from}
  )
)
WHERE NOT (${retracted} AND ifNull(${A.covered} > ${from}, false))`;
}

/** Where rows of several origins meet at one moment, the stored one (or the end of one) stands before the fresh one. */
const [END, STORED, FRESH] = [0, 1, 2];

/** Points of the stored chain, ends before a gap among them, and of the batch: one fresh one for each moment of a key. */
function points(scd: ScdTable, portion: Portion): string {
  const { validity, key } = scd;
  const [from, to, current, hash] = [validity.from, validity.to, validity.current, validity.hash].map(
    identifier,
  );
  const retracted = identifier(validity.retracted);
  const [by, values] = [list(key), list(valuesOf(scd))];
  const fresh = goodRows(scd, portion);
  const part = portionOf(scd, portion);
  const stored = chain(
    scd,
    portion.tenant,
    ` AND (${by}) IN (SELECT ${by} FROM ${fresh.from} WHERE ${fresh.where})${part}`,
  );
  return `
SELECT ${by}, ${values}, arrayJoin(if(${to} < ${A.next}, [${STORED}, ${END}], [${STORED}])) AS ${A.origin},
  if(${A.origin} = ${STORED}, ${from}, ${to}) AS ${A.at}, ${to} AS ${A.until},
  (${hash} = ${A.digest} OR ${retracted}) AND ${current} = (${to} = ${OPEN_END}) AS ${A.sound},
  ${A.origin} = ${END} OR ${retracted} AS ${A.absent}, if(${A.absent}, 0, ${A.digest}) AS ${A.hash}
FROM (${stored})
UNION ALL
SELECT ${by}, ${values}, ${FRESH}, ${from}, ${OPEN_END}, true, ${fresh.deleted}, if(${fresh.deleted}, 0, ${scd.hash})
FROM ${fresh.from} WHERE ${fresh.where}${part}
ORDER BY ${by}, ${from}, ${fresh.deleted}, ${scd.hash} DESC, cityHash64(tuple(${values})) DESC LIMIT 1 BY ${by}, ${from}`;
}

/**
 * A history is a step function of time for each key; the batch's rows are laid over the stored ones, each of them until the next
 * one of either. Points that change nothing fall away. What is written is the difference to what is stored, so a second run
 * writes nothing. `version` must be higher than any that is stored.
 */
export function insertVersions(scd: ScdTable, portion: Portion, version: string): string {
  const { validity, key } = scd;
  const [by, values] = [list(key), list(valuesOf(scd))];
  const meeting = `PARTITION BY ${by} ORDER BY ${A.at}, ${A.origin}`;
  const row = `PARTITION BY ${by} ORDER BY ${A.at}`;
  const neighbour = (side: 'lag' | 'lead'): string => {
    const frame = side === 'lag' ? '1 PRECEDING AND CURRENT ROW' : 'CURRENT ROW AND 1 FOLLOWING';
    const of = (what: string): string =>
      `${side}InFrame(toNullable(${what})) OVER (${meeting} ROWS BETWEEN ${frame})`;
    return `(${[A.at, A.origin, A.absent, A.hash].map(of).join(', ')})`;
  };
  const isSame = (other: string): string =>
    `${other}.1 = ${A.at} AND ${other}.3 = ${A.absent} AND ${other}.4 = ${A.hash}`;
  const written = [
    ...[scd.tenant, ...key, ...valuesOf(scd)],
    ...[validity.from, validity.to, validity.current, validity.version, validity.retracted],
  ];
  return `
INSERT INTO ${qualified([scd.database, scd.name])} (${list(written)})
SELECT ${literal(portion.tenant)}, ${by}, ${values}, ${A.at}, if(${A.kept}, ${A.ends}, ${A.at} + INTERVAL 1 MILLISECOND) AS ${A.behind},
  ${A.behind} = ${OPEN_END}, ${version}, NOT ${A.kept} OR ${A.absent}
FROM (
  SELECT *, ifNull(min(if(${A.kept}, ${A.at}, NULL)) OVER (${row} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), ${OPEN_END}) AS ${A.ends}
  FROM (
    SELECT *, ifNull(NOT (${A.absent} = lagInFrame(toNullable(${A.absent})) OVER (${row} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
      AND ${A.hash} = lagInFrame(toNullable(${A.hash})) OVER (${row} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)), true) AS ${A.kept}
    FROM (
      SELECT *, ${A.origin} = ${STORED} OR ifNull(${A.before}.1 = ${A.at} AND ${A.before}.2 = ${STORED}, false) AS ${A.was_stored},
        if(${A.origin} = ${FRESH}, NOT ifNull(${isSame(A.before)} AND ${A.before}.2 = ${STORED}, false),
          ifNull(${A.next}.1 != ${A.at} OR (${A.origin} = ${STORED} AND ${isSame(A.next)}), true)) AS ${A.wins}
      FROM (SELECT *, ${neighbour('lag')} AS ${A.before}, ${neighbour('lead')} AS ${A.next} FROM (${points(scd, portion)}))
    )
    WHERE ${A.wins}
  )
)
WHERE if(${A.kept}, ${A.origin} != ${STORED} OR ${A.until} != ${A.ends} OR NOT ${A.sound}, ${A.was_stored})
ORDER BY ${by}, ${A.at}`;
}
