/** The number of a load goes in; what its rows in the history are comes out, and whether their hashes are those of their values. */
import { OPEN_END } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { hashRule, shownKey } from './invariants.ts';
import type { LoadRecord } from './ledger.ts';
import type { Load } from './load.ts';

export type Written = Pick<LoadRecord, 'written' | 'opened' | 'closed' | 'deleted' | 'retracted'> & {
  readonly wrongHash: string | undefined;
};

/** Of rows that the load left alone the hash was compared while it wrote, or they would have been written. */
export async function countWritten({ server, scd, tenant }: Load, version: string): Promise<Written> {
  const { validity } = scd;
  const [from, to, retracted] = [validity.from, validity.to, validity.retracted].map(identifier);
  // What was taken back lasts a millisecond; a deletion that lasts no longer is counted with it.
  const isBack = `${retracted} AND ${to} = ${from} + INTERVAL 1 MILLISECOND`;
  const [rule, isWrong] = hashRule(scd);
  const [row = [0, 0, 0, 0, 0, 0, '']] = await server.rows<
    [number, number, number, number, number, number, string]
  >(
    `SELECT count(), countIf(NOT ${retracted} AND ${to} = ${OPEN_END}), countIf(NOT ${retracted} AND ${to} != ${OPEN_END}),
       countIf(${retracted} AND NOT (${isBack})), countIf(${isBack}), countIf(${isWrong}), anyIf(${shownKey(scd)}, ${isWrong})
     FROM ${qualified([scd.database, scd.name])}
     WHERE ${identifier(scd.tenant)} = ${literal(tenant)} AND ${identifier(validity.version)} = ${version}`,
    { settings: { output_format_json_quote_64bit_integers: 0 }, timeout: 3_600_000 },
  );
  const [written, opened, closed, deleted, back, wrong, example] = row;
  const wrongHash = wrong === 0 ? undefined : `a version of key ${example} ${rule}`;
  return { written, opened, closed, deleted, retracted: back, wrongHash };
}
