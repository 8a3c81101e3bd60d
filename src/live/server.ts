/** One ClickHouse node over HTTP(S): rows out of SELECTs, statements into it, errors with the node's name. */
import { text } from 'node:stream/consumers';
import { ClickHouseError, type ClickHouseSettings, createClient } from '@clickhouse/client';
import pLimit from 'p-limit';
import { PlumblineError } from '../model/errors.ts';
import type { Node } from '../model/estate.ts';
import { resolveCredential } from './credentials.ts';

export interface RequestOptions {
  /** Requests of one session see each other's temporary tables, and must not overlap. */
  readonly session?: string;
  /** Where names without a database are looked up. */
  readonly database?: string;
  readonly queryId?: string;
  /** Gives up after this many milliseconds. Left out: a minute for rows, an hour for statements, since some ALTERs rewrite a lot. */
  readonly timeout?: number;
  readonly settings?: ClickHouseSettings;
}

export interface Server {
  readonly node: Node;
  /** All rows, as arrays in the order of the SELECT's columns. */
  rows<Row extends readonly unknown[]>(query: string, options?: RequestOptions): Promise<Row[]>;
  run(statement: string, options?: RequestOptions): Promise<void>;
  /** Whether the user that is signed in has a right, such as `SHOW TABLES ON shop.*`. */
  may(right: string): Promise<boolean>;
  /** Bytes of answers received so far. */
  received(): number;
  close(): Promise<void>;
}

/** A node said no, or could not be reached. */
export class ServerError extends PlumblineError {
  override readonly name = 'ServerError';
  readonly node: string;
  /** ClickHouse's error code; undefined when there was no answer, so that nobody knows what became of a statement. */
  readonly code: number | undefined;
  /** The reason alone, without the node's name. */
  readonly reason: string;

  constructor(node: Node, code: number | undefined, reason: string) {
    super(`${node.name} (${node.host}:${node.httpPort}): ${reason}`);
    this.node = node.name;
    this.code = code;
    this.reason = reason;
  }
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SYNTAX_ERROR = 62;

const REQUESTS_AT_ONCE = 8;

/** The user lacks a right. */
export const ACCESS_DENIED = 497;

/** UNKNOWN_TABLE, UNKNOWN_DATABASE. */
export const NO_SUCH_TABLE: ReadonlySet<number | undefined> = new Set([60, 81]);

/** Keeps an HTTP connection alive while a long ALTER runs, and holds errors back until the answer is whole. */
const STATEMENT_SETTINGS: ClickHouseSettings = {
  wait_end_of_query: 1,
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '30000',
};

function reasonOf(error: unknown, timeout: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (/timeout/i.test(message)) return `no answer within ${timeout / 1000} s`;
  return code && !message.includes(code) ? `${code}: ${message}` : message;
}

function wrap(error: unknown, node: Node, timeout: number): ServerError {
  if (error instanceof ClickHouseError) {
    const code = Number(error.code);
    const type = error.type ? ` (${error.type})` : '';
    return new ServerError(node, code, `code ${code}: ${error.message.trim()}${type}`);
  }
  return new ServerError(node, undefined, reasonOf(error, timeout));
}

/** Connects lazily: the first request opens the connection. Throws a PlumblineError when a credential is missing. */
export function connect(node: Node): Server {
  const host = node.host.includes(':') ? `[${node.host}]` : node.host;
  const client = createClient({
    url: `${node.secure ? 'https' : 'http'}://${host}:${node.httpPort}`,
    username: resolveCredential(node.user, `user of node ${node.name}`),
    password: node.password ? resolveCredential(node.password, `password of node ${node.name}`) : '',
    application: 'plumbline',
    request_timeout: HOUR,
    max_open_connections: REQUESTS_AT_ONCE,
    keep_alive: { enabled: true, idle_socket_ttl: 1500 },
    log: { level: 127 },
  });
  let received = 0;
  let isClosed = false;
  const limit = pLimit(REQUESTS_AT_ONCE);
  const sendNow = async <T>(options: RequestOptions, send: (base: object) => Promise<T>): Promise<T> => {
    if (isClosed) throw new ServerError(node, undefined, 'the connection was closed before this was asked');
    const timeout = options.timeout ?? HOUR;
    const abort = AbortSignal.timeout(timeout);
    try {
      return await send({
        abort_signal: abort,
        ...(options.session && { session_id: options.session }),
        ...(options.queryId && { query_id: options.queryId }),
        clickhouse_settings: { ...(options.database && { database: options.database }), ...options.settings },
      });
    } catch (error) {
      if (abort.aborted) throw new ServerError(node, undefined, `no answer within ${timeout / 1000} s`);
      throw wrap(error, node, timeout);
    }
  };
  /** The time of a request begins when it is sent: waiting for those before it is not the server's silence. */
  const request = <T>(options: RequestOptions, send: (base: object) => Promise<T>): Promise<T> =>
    limit(() => sendNow(options, send));
  return {
    node,
    rows: (query, options = {}) =>
      request({ timeout: MINUTE, ...options }, async (base) => {
        const answer = await client.query({ ...base, query, format: 'JSONCompactEachRow' });
        const lines = await answer.text();
        received += Buffer.byteLength(lines);
        return lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
      }),
    run: (statement, options = {}) =>
      request({ ...options, settings: { ...STATEMENT_SETTINGS, ...options.settings } }, async (base) => {
        await client.command({ ...base, query: statement });
      }),
    // CHECK GRANT takes no FORMAT; servers that do not know it are believed to grant everything.
    may: (right) =>
      request({}, async (base) => {
        const answer = await client.exec({ ...base, query: `CHECK GRANT ${right}` });
        return (await text(answer.stream)).trim() === '1';
      }).catch((error: ServerError) => {
        if (error.code === SYNTAX_ERROR) return true;
        throw error;
      }),
    received: () => received,
    async close() {
      isClosed = true;
      await client.close();
    },
  };
}
