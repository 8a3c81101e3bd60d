/** A tenant's own credentials, or its role, go in; queries whose values the server binds, and rows of known types, come out. */
import { ClickHouseError, createClient } from '@clickhouse/client';
import { type ParametersOf, parametersIn, type Written } from './parameters.ts';
import { type Columns, type Row, readRows } from './rows.ts';

export type { ParametersOf } from './parameters.ts';
export type { Columns, Row } from './rows.ts';

export interface TenantAccess {
  /** `https://clickhouse.internal:8443` */
  readonly url: string;
  /** Where names without a database are looked up. */
  readonly database?: string;
  readonly user: string;
  readonly password: string;
  /**
   * Absent where the user is the tenant's own. Otherwise the only role that counts in its queries, as after SET ROLE: the user
   * itself must have no rights.
   */
  readonly role?: string;
  /** Milliseconds after which a query is given up; half a minute by default. */
  readonly timeout?: number;
}

export interface TenantQuery<Sql extends string, C extends Columns> {
  readonly sql: Sql;
  readonly columns: C;
}

export interface Tenant {
  /** Throws a {@link TenantError}. */
  rows<Sql extends string, C extends Columns>(
    query: TenantQuery<Sql, C>,
    parameters: ParametersOf<Sql>,
  ): Promise<Row<C>[]>;
  close(): Promise<void>;
}

/** Codes of the server for a value that is not what its parameter's type says. */
const BAD_VALUES = new Set([6, 27, 36, 38, 41, 53, 69, 72, 130, 321, 376, 456, 457, 675, 691]);

export class TenantError extends Error {
  override readonly name = 'TenantError';
  /** ClickHouse's error code; undefined where the server was not asked or gave no answer. */
  readonly code: number | undefined;
  /** Whether the values are at fault, not the query or the server. */
  readonly badValue: boolean;

  constructor(message: string, code?: number, badValue = false) {
    super(message);
    this.code = code;
    this.badValue = badValue;
  }
}

/**
 * The text must be written out: one that is put together when the program runs does not compile, and values belong in parameters,
 * `{from:DateTime64(3)}`. It need not filter by tenant, since the server does.
 */
export function tenantQuery<const Sql extends string, const C extends Columns>(
  sql: Sql & Written<Sql>,
  columns: C,
): TenantQuery<Sql, C> {
  const identifier = [...parametersIn(sql)].find(([, type]) => type === 'Identifier');
  if (identifier)
    throw new TenantError(`the parameter ${identifier[0]} would choose what is read, not a value`);
  return { sql, columns };
}

function checkValues(sql: string, values: Readonly<Record<string, unknown>>): void {
  const named = parametersIn(sql);
  for (const name of named.keys()) {
    if (values[name] === undefined)
      throw new TenantError(`the parameter ${name} has no value`, undefined, true);
  }
  const stray = Object.keys(values).find((name) => !named.has(name));
  if (stray !== undefined) throw new TenantError(`the query has no parameter ${stray}`);
}

/** Connects with the first query. Parameters go in the body of the request: what stands in its URL is logged on the way. */
export function connectTenant(access: TenantAccess): Tenant {
  const { url, database, user, password, role, timeout = 30_000 } = access;
  const client = createClient({
    url,
    username: user,
    password,
    ...(database !== undefined && { database }),
    ...(role !== undefined && { role }),
    request_timeout: timeout,
    use_multipart_params: true,
    log: { level: 127 },
  });
  return {
    async rows(query, parameters) {
      const values = parameters as Readonly<Record<string, unknown>>;
      checkValues(query.sql, values);
      try {
        const format = 'TabSeparatedWithNames';
        const answer = await client.query({ query: query.sql, query_params: values, format });
        return readRows(query.columns, await answer.text());
      } catch (error) {
        const { message } = error as Error;
        const code = error instanceof ClickHouseError ? Number(error.code) : undefined;
        throw new TenantError(message, code, code !== undefined && BAD_VALUES.has(code));
      }
    },
    close: () => client.close(),
  };
}
