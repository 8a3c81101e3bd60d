/** Queries that were asked of one server go in, and another server; how it answers them comes out, one query after the other. */
import type { Server } from '../live/server.ts';
import type { LoggedQuery, ReplayedQuery } from '../model/replay.ts';
import { TokenError } from '../sql/tokens.ts';
import { type Answer, ask, type Refusal } from './answer.ts';
import { isAnswer, type Judged, judge } from './judge.ts';
import { type QueryText, readQuery, withoutValues } from './query-text.ts';

export interface ReplayOptions {
  readonly there: Server;
  readonly compatibility: string;
  /** Seconds that a query may take. */
  readonly seconds: number;
  /** Rows that an answer may have. */
  readonly rows: number;
  /** Times as long as where it comes from counts as slower. */
  readonly slower: number;
  /** Shows literals of queries and values in errors. */
  readonly showValues: boolean;
  /** Names of tables that only the reading member has: those that read the federation. */
  readonly federated: readonly string[];
}

/** Milliseconds; a difference below is the network's. */
const NOTICED = 200;

interface Compared extends Judged {
  readonly here?: number;
  readonly there?: number;
}

const isFaster = (one: Answer | Refusal, other: Answer | Refusal): boolean =>
  isAnswer(one) && isAnswer(other) && one.milliseconds < other.milliseconds;

const time = (one: Answer | Refusal): number | undefined => (isAnswer(one) ? one.milliseconds : undefined);

async function compare(
  query: QueryText,
  { database }: LoggedQuery,
  here: Server,
  { there, compatibility, seconds, rows, slower }: ReplayOptions,
): Promise<Compared> {
  const limits = { database, seconds, rows };
  const own = await ask(here, query.text, limits);
  const first = await ask(there, query.text, { ...limits, compatibility });
  const isSlow =
    isAnswer(own) &&
    isAnswer(first) &&
    first.milliseconds > NOTICED &&
    first.milliseconds > own.milliseconds * slower;
  const isOther = isAnswer(own) && isAnswer(first) && own.digest !== first.digest;
  const again = isSlow || isOther ? await ask(here, query.text, limits) : undefined;
  // The first time, a server may have had to read what it has in memory the second time.
  const second = isSlow ? await ask(there, query.text, { ...limits, compatibility }) : first;
  const other = isFaster(first, second) ? first : second;
  const factor = isAnswer(other) && other.milliseconds > NOTICED ? slower : Number.POSITIVE_INFINITY;
  const judged = judge(query, own, other, { ...(again && { again }), slower: factor });
  const [a, b] = [time(again && isFaster(again, own) ? again : own), time(other)];
  return { ...judged, ...(a !== undefined && { here: a }), ...(b !== undefined && { there: b }) };
}

function unasked(
  query: QueryText,
  { normal }: LoggedQuery,
  federated: readonly string[],
): Judged | undefined {
  if (query.outside.length > 0)
    return { became: 'not compared', seen: `it reads from elsewhere: ${query.outside.join(', ')}` };
  const plain = normal.replaceAll('`', '');
  const read = federated.filter((name) =>
    new RegExp(`(^|[^\\w.])${name.replaceAll('.', '\\.')}(?!\\w)`).test(plain),
  );
  if (read.length === 0) return undefined;
  return {
    became: 'not compared',
    seen: `it reads the federation (${read.join(', ')}), which that cluster has not`,
  };
}

/** Throws a ServerError where one of the servers is gone. */
export async function replayQuery(
  logged: LoggedQuery,
  here: Server,
  options: ReplayOptions,
): Promise<ReplayedQuery> {
  const { shape, normal, text, count } = logged;
  const { showValues } = options;
  let compared: Compared;
  try {
    const query = readQuery(text);
    compared = unasked(query, logged, options.federated) ?? (await compare(query, logged, here, options));
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    compared = { became: 'not compared', seen: 'its text can’t be taken apart' };
  }
  const { reason, seen, ...became } = compared;
  const said = reason === undefined || showValues ? reason : withoutValues(reason, normal);
  const told = [seen, said].filter((one) => one !== undefined).join(': ');
  return {
    ...{ shape, query: showValues ? text : normal },
    ...(count !== undefined && { count }),
    ...became,
    ...(told !== '' && { seen: told }),
  };
}
