/** A server and a query go in; its answer comes out: columns, digests of the rows, and how long it took; or why there is none. */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { type RequestOptions, type Server, ServerError } from '../live/server.ts';

export interface Answer {
  /** `[name, type]`. */
  readonly columns: readonly (readonly [string, string])[];
  readonly rows: number;
  /** Of the rows in whatever order, and in theirs. */
  readonly digest: string;
  readonly ordered: string;
  /** Milliseconds until all rows were here. */
  readonly milliseconds: number;
}

export interface Refusal {
  readonly code: number | undefined;
  readonly reason: string;
}

export interface AskOptions {
  readonly database: string;
  /** Seconds. */
  readonly seconds: number;
  /** Rows of an answer. */
  readonly rows: number;
  /** The version as which the server is to behave. */
  readonly compatibility?: string;
}

/** Sums of floats depend on which thread was faster, in their last digits. */
const DIGITS = 12;

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(DIGITS) : value;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function settingsOf({ seconds, rows, compatibility }: AskOptions): NonNullable<RequestOptions['settings']> {
  return {
    ...(compatibility !== undefined && { compatibility }),
    // Reads only, and may say these settings.
    readonly: '2',
    max_execution_time: seconds,
    max_result_rows: String(rows),
    result_overflow_mode: 'throw',
    // As text, because JSON has no numbers like these.
    output_format_json_quote_64bit_integers: 1,
    output_format_json_quote_decimals: 1,
    output_format_json_quote_denormals: 1,
  };
}

/** A server that is not there throws; one that answers with an error is an answer of its own. */
export async function ask(server: Server, query: string, options: AskOptions): Promise<Answer | Refusal> {
  const base = {
    settings: settingsOf(options),
    timeout: (options.seconds + 10) * 1000,
    ...(options.database && { database: options.database }),
  };
  try {
    const columns = await server.rows<[string, string]>(`DESCRIBE TABLE (${query}\n)`, base);
    const began = performance.now();
    const rows = await server.rows(query, base);
    const milliseconds = performance.now() - began;
    const digests = rows.map((row) => hash(JSON.stringify(row, rounded)));
    return {
      columns: columns.map(([name, type]) => [name, type]),
      rows: rows.length,
      digest: hash([...digests].sort().join('')),
      ordered: hash(digests.join('')),
      milliseconds,
    };
  } catch (error) {
    if (!(error instanceof ServerError) || error.code === undefined) throw error;
    return { code: error.code, reason: error.reason };
  }
}
