/** Queries of several users go in; what a real server answers each of them comes out, as text. */
import { ServerError } from '../../src/live/server.ts';
import type { UsersFileEstate } from './users-file-estate.ts';

/** How many lines of rows are worth showing. */
const ROWS = 10;

const cell = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

async function answerOf(user: string, secret: string | undefined, query: string, server: UsersFileEstate) {
  const connection = server.as(user, secret);
  try {
    const rows = await connection.rows<unknown[]>(query);
    return rows.length === 0 ? ['no rows'] : rows.slice(0, ROWS).map((row) => row.map(cell).join(', '));
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return [`refused: ${/\(([A-Z_]+)\)/.exec(error.reason)?.[1] ?? error.reason} (${error.code})`];
  }
}

/** Above each query stands `-- user`, or `-- user with SECRET`, the variable of its password. */
export async function answersOf(asks: string, server: UsersFileEstate): Promise<string> {
  const answers: string[] = [];
  for (const [, user = '', secret, query = ''] of asks.matchAll(/^-- (\S+)(?: with (\S+))?\n([^;]+);$/gm)) {
    const lines = await answerOf(user, secret, query, server);
    answers.push([`${user}: ${query}`, ...lines.map((line) => `  ${line}`), ''].join('\n'));
  }
  return answers.join('');
}
