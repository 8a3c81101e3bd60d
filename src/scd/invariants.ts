/** A tenant's rows in a table with history go in; SQL that counts every version that breaks a rule comes out. */
import { LANDING, OPEN_END, type ScdTable } from '../model/scd.ts';
import { identifier, literal } from '../sql/quote.ts';
import { type Batch, landingTable } from './landed.ts';
import { CHAIN_NEXT, chain, DIGEST, list } from './versions.ts';

export interface Violation {
  /** What is wrong, for people. */
  readonly rule: string;
  readonly count: number;
  /** A key of one of the versions that break it. */
  readonly example: string;
}

export interface Verified {
  /** Keys, those that are deleted included. */
  readonly keys: number;
  /** Keys that hold now. */
  readonly live: number;
  readonly versions: number;
  readonly violations: readonly Violation[];
}

type Rule = readonly [text: string, condition: string];

/** A condition that no version meets, for which all tracked columns are read. */
export function hashRule({ validity, hash }: ScdTable, digest = hash): Rule {
  const [stored, retracted] = [validity.hash, validity.retracted].map(identifier);
  return ['has another hash than its values', `NOT ${retracted} AND ${stored} != ${digest}`];
}

/** Conditions that no version meets. */
function rulesOf(scd: ScdTable, isNarrow: boolean): readonly Rule[] {
  const { validity } = scd;
  const [from, to, current] = [validity.from, validity.to, validity.current].map(identifier);
  return [
    ['ends before it begins', `${from} >= ${to}`],
    ['ends behind the beginning of the next version', `${to} > ${CHAIN_NEXT}`],
    [
      'ends before the beginning of the next version',
      `${to} < ${CHAIN_NEXT} AND ${CHAIN_NEXT} != ${OPEN_END}`,
    ],
    ['is the last one and ends', `${to} < ${CHAIN_NEXT} AND ${CHAIN_NEXT} = ${OPEN_END}`],
    ['is called current and has ended, or is not and has not', `${current} != (${to} = ${OPEN_END})`],
    ...(isNarrow ? [] : [hashRule(scd, DIGEST)]),
  ];
}

/** For people, as SQL. */
export const shownKey = ({ key }: ScdTable): string =>
  `arrayStringConcat([${key.map((name) => `toString(${identifier(name)})`).join(', ')}], ', ')`;

/**
 * One row: keys, live keys, versions, then a count and an example for each rule. `batch` narrows it to the keys of a batch, and to
 * the rules for which the chain of a key's versions is followed.
 */
export function verifyQuery(scd: ScdTable, tenant: string, batch?: Batch): string {
  const { key, validity } = scd;
  const by = list(key);
  const touched = batch
    ? ` AND (${by}) IN (SELECT ${by} FROM ${landingTable(scd)} WHERE ${identifier(LANDING.batch)} = ${literal(batch.id)})`
    : '';
  const counts = rulesOf(scd, batch !== undefined).map(
    ([, condition]) => `toString(countIf(${condition})), anyIf(${shownKey(scd)}, ${condition})`,
  );
  const [current, retracted] = [validity.current, validity.retracted].map(identifier);
  return `
SELECT toString(uniqExact(${by})), toString(countIf(${current} AND NOT ${retracted})), toString(countIf(NOT ${retracted})),
  ${counts.join(',\n  ')}
FROM (${chain(scd, tenant, touched)})`;
}

/** `row` as `verifyQuery` brings it, with or without a batch. */
export function readVerified(scd: ScdTable, row: readonly string[]): Verified {
  const [keys = '0', live = '0', versions = '0', ...counts] = row;
  const violations = rulesOf(scd, false).flatMap(([rule], at): Violation[] => {
    const count = Number(counts[at * 2] ?? 0);
    return count === 0 ? [] : [{ rule, count, example: counts[at * 2 + 1] ?? '' }];
  });
  return { keys: Number(keys), live: Number(live), versions: Number(versions), violations };
}
