/** Statements go in one by one; each comes out as a server formats it, and many go to the server in one request. */
import { literal } from '../sql/quote.ts';
import { type Abilities, TooOldError } from './abilities.ts';
import { legible } from './legible.ts';
import { type Server, ServerError } from './server.ts';
import { statementColumn } from './statement-text.ts';

const STATEMENTS_AT_ONCE = 500;

/** A server takes queries of 262144 bytes unless it is told otherwise; a character becomes four bytes at most, as `\\x01`. */
const CHARACTERS_AT_ONCE = 60_000;

interface Asked {
  readonly statement: string;
  resolve(formatted: Promise<string>): void;
}

async function formatOne(server: Server, statement: string): Promise<string> {
  const [row] = await server.rows<[string]>(
    `SELECT ${statementColumn('formatted')} FROM (SELECT formatQuerySingleLine(${literal(statement)}) AS formatted)`,
  );
  return legible(statement, row?.[0]);
}

/** Nothing at the place of a statement that the server does not understand, and nowhere where it can't do this. */
async function formatAll(server: Server, statements: readonly string[]): Promise<(string | undefined)[]> {
  const list = statements.map(literal).join(', ');
  try {
    const rows = await server.rows<[string | null]>(
      `SELECT ${statementColumn('formatted')} FROM (SELECT formatQuerySingleLineOrNull(arrayJoin([${list}])) AS formatted)`,
    );
    return statements.map((_, at) => rows[at]?.[0] ?? undefined);
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined) return statements.map(() => undefined);
    throw error;
  }
}

function* batchesOf(asked: readonly Asked[]): Generator<readonly Asked[]> {
  let batch: Asked[] = [];
  let length = 0;
  for (const one of asked) {
    const isFull = batch.length === STATEMENTS_AT_ONCE || length + one.statement.length > CHARACTERS_AT_ONCE;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(one);
    length += one.statement.length;
  }
  yield batch;
}

/** A statement that does not come back is asked for by itself, for the server to say why. */
function formatBatch(server: Server, batch: readonly Asked[]): void {
  const statements = batch.map(({ statement }) => statement);
  const all = batch.length > 1 ? formatAll(server, statements) : Promise.resolve([]);
  batch.forEach(({ statement, resolve }, at) => {
    resolve(
      all.then((formatted) => {
        const text = formatted[at];
        return text === undefined ? formatOne(server, statement) : legible(statement, text);
      }),
    );
  });
}

/** What is asked for in one turn of the event loop goes together; a statement is asked for once. Throws `ServerError`, `ParseError`. */
export function formatterOf(
  server: Server,
  abilities: () => Promise<Abilities>,
): (statement: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  let waiting: Asked[] = [];
  const send = (): void => {
    const asked = waiting;
    waiting = [];
    for (const batch of batchesOf(asked)) formatBatch(server, batch);
  };
  return async (statement) => {
    if (!(await abilities()).formats)
      throw new TooOldError('the server has no function formatQuerySingleLine');
    const formatted =
      known.get(statement) ??
      new Promise<string>((resolve) => {
        if (waiting.length === 0) setImmediate(send);
        waiting.push({ statement, resolve });
      });
    known.set(statement, formatted);
    return formatted;
  };
}
