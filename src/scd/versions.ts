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
  row: '`#row`',
  state: '`#state`',
  rank: '`#rank`',
  origin: '`#origin`',
  until: '`#until`',
  sound: '`#sound`',
  digest: '`#digest`',
  kept: '`#kept`',
  ends: '`#ends`',
  was_stored: '`#was_stored`',
  was_fresh: '`#was_fresh`',
  is_same: '`#is_same`',
  is_right: '`#is_right`',
  stored_to: '`#stored_to`',
  stored_row: '`#stored_row`',
  fresh_row: '`#fresh_row`',
  end_row: '`#end_row`',
  stored_state: '`#stored_state`',
  fresh_state: '`#fresh_state`',
  covered: '`#covered`',
  next: '`#next`',
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

/**
 * A history is a step function of time for each key; the batch's rows are laid over the stored ones, each of them until the next
 * one of either. Points that change nothing fall away. What is written is the difference to what is stored, so a second run
 * writes nothing. `version` must be higher than any that is stored.
 */
export function insertVersions(scd: ScdTable, portion: Portion, version: string): string {
  const { validity, key } = scd;
  const [from, to, current, hash] = [validity.from, validity.to, validity.current, validity.hash].map(
    identifier,
  );
  const retracted = identifier(validity.retracted);
  const by = list(key);
  const values = list(valuesOf(scd));
  const fresh = goodRows(scd, portion);
  const stored = chain(
    scd,
    portion.tenant,
    ` AND (${by}) IN (SELECT ${by} FROM ${fresh.from} WHERE ${fresh.where})${portionOf(scd, portion)}`,
  );
  const written = [
    scd.tenant,
    ...key,
    ...valuesOf(scd),
    ...[validity.from, validity.to, validity.current, validity.version, validity.retracted],
  ];
  const isSame = `(${A.was_stored} AND NOT ${A.was_fresh}) OR (${A.was_stored} AND ${A.stored_state} = ${A.fresh_state})`;
  return `
INSERT INTO ${qualified([scd.database, scd.name])} (${list(written)})
SELECT ${literal(portion.tenant)}, ${by}, ${valuesOf(scd)
    .map((name, at) => `tupleElement(${A.row}, ${at + 1}) AS ${identifier(name)}`)
    .join(', ')},
  ${A.at}, if(${A.kept}, ${A.ends}, ${A.at} + INTERVAL 1 MILLISECOND) AS ${A.until}, ${A.until} = ${OPEN_END}, ${version}, NOT ${A.kept} OR ${A.state}.1
FROM (
  SELECT *, ifNull(min(if(${A.kept}, ${A.at}, NULL)) OVER (
    PARTITION BY ${by} ORDER BY ${A.at} DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), ${OPEN_END}) AS ${A.ends}
  FROM (
    SELECT *, row_number() OVER (PARTITION BY ${by} ORDER BY ${A.at}) = 1
      OR ${A.state} != lagInFrame(${A.state}) OVER (PARTITION BY ${by} ORDER BY ${A.at} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS ${A.kept}
    FROM (
      SELECT ${by}, ${A.at}, ${A.was_stored}, ${isSame} AS ${A.is_same}, ${A.stored_to}, ${A.is_right},
        multiIf(${A.is_same}, ${A.stored_row}, ${A.was_fresh}, ${A.fresh_row}, ${A.end_row}) AS ${A.row},
        multiIf(${A.is_same}, ${A.stored_state}, ${A.was_fresh}, ${A.fresh_state}, (true, toUInt64(0))) AS ${A.state}
      FROM (
        SELECT ${by}, ${A.at}, max(${A.origin} = 1) AS ${A.was_stored}, max(${A.origin} = 2) AS ${A.was_fresh},
          maxIf(${A.until}, ${A.origin} = 1) AS ${A.stored_to}, maxIf(${A.sound}, ${A.origin} = 1) AS ${A.is_right},
          anyIf(${A.row}, ${A.origin} = 1) AS ${A.stored_row}, argMaxIf(${A.row}, ${A.rank}, ${A.origin} = 2) AS ${A.fresh_row}, anyIf(${A.row}, ${A.origin} = 0) AS ${A.end_row},
          maxIf(${A.state}, ${A.origin} = 1) AS ${A.stored_state}, argMaxIf(${A.state}, ${A.rank}, ${A.origin} = 2) AS ${A.fresh_state}
        FROM (
          SELECT ${by}, tuple(${values}) AS ${A.row}, arrayJoin(if(${to} < ${A.next}, [1, 0], [1])) AS ${A.origin}, if(${A.origin} = 1, ${from}, ${to}) AS ${A.at},
            ${to} AS ${A.until}, (${hash} = ${A.digest} OR ${retracted}) AND ${current} = (${to} = ${OPEN_END}) AS ${A.sound},
            (${retracted} = 1, if(${retracted} = 1, 0, ${A.digest})) AS ${A.state}, (false, toUInt64(0), toUInt64(0)) AS ${A.rank}
          FROM (${stored})
          UNION ALL
          SELECT ${by}, tuple(${values}) AS ${A.row}, 2 AS ${A.origin}, ${from} AS ${A.at}, ${OPEN_END} AS ${A.until}, true AS ${A.sound},
            (${fresh.deleted}, if(${fresh.deleted}, 0, ${scd.hash})) AS ${A.state},
            (NOT ${fresh.deleted}, ${scd.hash}, cityHash64(tuple(${values}))) AS ${A.rank}
          FROM ${fresh.from} WHERE ${fresh.where}${portionOf(scd, portion)}
        )
        GROUP BY ${by}, ${A.at}
      )
    )
  )
)
WHERE ${A.kept} ? (NOT ${A.is_same} OR ${A.stored_to} != ${A.ends} OR NOT ${A.is_right}) : ${A.was_stored}
ORDER BY ${by}, ${A.at}`;
}
