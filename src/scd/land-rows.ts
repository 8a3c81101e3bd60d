/** A load goes in; every row of its source is landed, the bad ones are put into quarantine, and the ledger says what is there. */
import { PlumblineError } from '../model/errors.ts';
import { LANDING, QUARANTINE, type ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { driftNotes } from './drift-notes.ts';
import { insertLanded, NO_KEY } from './land.ts';
import { type Batch, landingTable } from './landed.ts';
import { type LoadRecord, lastGoodLoad, writeRecord } from './ledger.ts';
import type { Load } from './load.ts';
import { sourceOf } from './source.ts';
import { LOAD_SETTINGS } from './statements.ts';
import { countVanished, landReturned, landVanished } from './whole-source.ts';

/** Text as times of any common form; the columns of all files, not of the first one; a typed file without one of the columns is an error, not a file full of NULL. */
const READ_SETTINGS = {
  ...LOAD_SETTINGS,
  cast_string_to_date_time_mode: 'best_effort',
  schema_inference_mode: 'union',
  input_format_parquet_allow_missing_columns: 0,
  input_format_orc_allow_missing_columns: 0,
  input_format_arrow_allow_missing_columns: 0,
  input_format_allow_errors_num: '0',
  input_format_allow_errors_ratio: 0,
  // A landed row that is spread over many blocks is merged anyway; one huge block would hold a whole source in memory.
  min_insert_block_size_rows: '1000000',
  min_insert_block_size_bytes: '268000000',
} as const;

const NUMBERS = { settings: { output_format_json_quote_64bit_integers: 0 } } as const;

const moment = (milliseconds: number): string => `fromUnixTimestamp64Milli(toInt64(${milliseconds}))`;

async function typesOf({ server, scd }: Load): Promise<Map<string, string>> {
  const rows = await server.rows<[string, string]>(
    `SELECT name, type FROM system.columns WHERE database = ${literal(scd.database)} AND table = ${literal(scd.names.landing)}`,
  );
  if (rows.length === 0) {
    throw new PlumblineError(
      `${server.node.name} has no table ${scd.database}.${scd.names.landing}; apply the declarations first.`,
    );
  }
  return new Map(rows);
}

interface Judged {
  readonly read: number;
  readonly bad: number;
  readonly keyless: number;
  readonly reasons: readonly (readonly [string, number])[];
  /** Sum of the hashes of all rows. */
  readonly digest: string;
}

async function judge({ server }: Load, scd: ScdTable, batch: Batch): Promise<Judged> {
  const problem = identifier(LANDING.problem);
  const rows = await server.rows<[string, number, string]>(
    `SELECT ${problem}, count(), toString(sum(cityHash64(tuple(* EXCEPT (${identifier(LANDING.batch)}, ${identifier(LANDING.landed)})))))
     FROM ${landingTable(scd)} WHERE ${identifier(LANDING.batch)} = ${literal(batch.id)}
     GROUP BY ${problem} ORDER BY count() DESC, ${problem}`,
    NUMBERS,
  );
  const sum = (some: readonly (readonly [string, number])[]): number =>
    some.reduce((total, [, count]) => total + count, 0);
  const all = rows.map(([reason, count]) => [reason, count] as const);
  const reasons = all.filter(([reason]) => reason !== '');
  return {
    read: sum(all),
    bad: sum(reasons),
    keyless: sum(reasons.filter(([reason]) => reason.startsWith(NO_KEY))),
    reasons,
    digest: String(
      BigInt.asUintN(
        64,
        rows.reduce((total, [, , hash]) => total + BigInt(hash), 0n),
      ),
    ),
  };
}

async function quarantine({ server, scd, feed, statements }: Load, { id, tenant }: Batch): Promise<void> {
  const into = [scd.tenant, QUARANTINE.batch, QUARANTINE.feed, QUARANTINE.reason, QUARANTINE.row];
  await server.run(
    `INSERT INTO ${qualified([scd.database, scd.names.quarantine])} (${into.map(identifier).join(', ')})
     SELECT ${literal(tenant)}, ${literal(id)}, ${literal(feed.name)}, ${identifier(LANDING.problem)}, ${identifier(LANDING.row)}
     FROM ${landingTable(scd)} WHERE ${identifier(LANDING.batch)} = ${literal(id)} AND ${identifier(LANDING.problem)} != ''`,
    { queryId: statements.id(), settings: LOAD_SETTINGS },
  );
}

const share = (part: number): string => `${Number((part * 100).toFixed(2))} %`;

function refuseBad({ feed }: Load, { read, bad, reasons }: Judged): void {
  if (bad <= feed.maxBadShare * read) return;
  const [[reason, count] = ['', 0]] = reasons;
  throw new PlumblineError(
    `${bad} of ${read} rows are bad (${share(bad / read)}, more than the ${share(feed.maxBadShare)} of \`max_bad_share\`), ${count} of them: ${reason}. ` +
      'Nothing was changed; the rows are in quarantine.',
  );
}

/** Of a source that is all there is: what it lacks is closed, unless that is more than one believes. */
async function landWhole(load: Load, batch: Batch, judged: Judged, time: string): Promise<string[]> {
  const { server, scd, feed, statements } = load;
  if (feed.mode.as !== 'full') return [];
  const [[live, vanished] = [0, 0]] = await server.rows<[number, number]>(countVanished(scd, batch), NUMBERS);
  if (judged.read === judged.bad && vanished > 0 && !feed.mode.allowEmpty) {
    throw new PlumblineError(
      `The source of feed \`${feed.name}\` has no good row, and ${live} keys hold now: that would delete all of them. Say \`allow_empty: true\` where it is meant.`,
    );
  }
  const isMeant = judged.read === 0 && feed.mode.allowEmpty;
  if (!isMeant && vanished > feed.mode.maxClosedShare * live) {
    throw new PlumblineError(
      `${vanished} of ${live} keys are not in the source any more (${share(vanished / live)}, more than the ${share(feed.mode.maxClosedShare)} of \`max_closed_share\`). Nothing was changed.`,
    );
  }
  const notes: string[] = [];
  const run = (statement: string): Promise<void> =>
    server.run(statement, { queryId: statements.id(), settings: LOAD_SETTINGS });
  await run(landReturned(scd, batch, time));
  if (judged.keyless > 0 && vanished > 0)
    notes.push(
      `${judged.keyless} rows have a key that can't be read, so none of the ${vanished} keys that the source lacks is deleted.`,
    );
  else if (vanished > 0) await run(landVanished(scd, batch, time));
  return notes;
}

/** Throws a PlumblineError where the load must not go on; then nothing of the history was touched. */
export async function landRows(
  load: Load,
  begun: LoadRecord,
): Promise<{ readonly record: LoadRecord; readonly notes: readonly string[] }> {
  const { server, scd, feed, tenant, lock, statements, watch } = load;
  const batch = { id: begun.batch, tenant };
  const types = await typesOf(load);
  const source = sourceOf(feed, tenant);
  const described = await server.rows<[string, string]>(source.describe, {
    queryId: statements.id(),
    settings: { schema_inference_mode: 'union' },
  });
  const found = described.map(([name, type]): [string, string] => [name, type]);
  // Of lines without a key that all of them may have, none is missing: there is a row with a problem instead.
  const assumed = source.isJsonLines
    ? scd.columns.map(({ name }): [string, string] => [name, 'text']).filter(([name]) => name !== scd.tenant)
    : [];
  const columns = Object.fromEntries(found.length === 0 ? assumed : found);
  const last = await lastGoodLoad(server, scd, tenant, feed.name);
  const notes = driftNotes(last?.columns ?? '{}', columns);
  const window = feed.mode.as === 'incremental' ? feed.mode.window : undefined;
  const since = last && window !== undefined ? moment(last.started - window * 1000) : undefined;
  const time = moment(begun.time);
  await lock.check();
  const queryId = statements.id();
  watch('reading', queryId);
  await server.run(
    insertLanded(scd, feed, { batch, columns: new Map(Object.entries(columns)), types, time, since }),
    {
      queryId,
      settings: READ_SETTINGS,
    },
  );
  watch('judging', '');
  const judged = await judge(load, scd, batch);
  if (judged.bad > 0) await quarantine(load, batch);
  refuseBad(load, judged);
  const bad = judged.reasons.map(
    ([reason, count]) => `${count} bad ${count === 1 ? 'row is' : 'rows are'} in quarantine: ${reason}.`,
  );
  const whole = await landWhole(load, batch, judged, time);
  const { digest } = feed.mode.as === 'full' ? await judge(load, scd, batch) : judged;
  const record: LoadRecord = {
    ...begun,
    source: source.text,
    columns: JSON.stringify(columns),
    read: judged.read,
    bad: judged.bad,
    digest,
    outcome: 'landed',
  };
  await writeRecord(server, record);
  return { record, notes: [...notes, ...bad, ...whole] };
}
