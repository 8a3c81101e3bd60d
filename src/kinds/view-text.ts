/** What views and materialized views have in common: column lists, definers, and the query behind AS. */
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import type { Declared, Description, Normaliser } from './kind.ts';
import { said } from './said.ts';

export interface ViewDeclaration {
  readonly database: string;
  readonly name: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly query: string;
  readonly comment?: string;
  readonly definer?: string;
  readonly sql_security?: string;
}

/** `` `a` UInt8, `b` String ``, or undefined where the declaration leaves the columns to the query. */
export function declareColumns(declared: Declared): string | undefined {
  const { columns } = declared.value as ViewDeclaration;
  if (columns === undefined) return undefined;
  return declared
    .keys(['columns'])
    .map((name) => `${identifier(name)} ${columns[name]}`)
    .join(', ');
}

/** The columns in a column list's text, in order: name → type. */
export function columnTypes(columns: string): ReadonlyMap<string, string> {
  const cursor = new Cursor(columns);
  const types = new Map<string, string>();
  do {
    const name = cursor.name();
    types.set(name, cursor.expression());
  } while (cursor.takes(','));
  return types;
}

/** What views and materialized views alike say at the end of their declaration. */
export function describeQuery(view: Security & { readonly query: string }): Description {
  const { query, definer, sqlSecurity } = view;
  return said({ query, definer, sql_security: sqlSecurity?.toLowerCase() });
}

/** Whether a clause behind the column list begins here. */
export function viewClauseBegins(cursor: Cursor): boolean {
  if (cursor.sees('COMMENT')) return cursor.peek(1)?.kind === 'string';
  return ['AS SELECT', 'AS WITH', 'AS (', 'DEFINER =', 'SQL SECURITY'].some((words) => cursor.sees(words));
}

export type Security = Readonly<{
  definer: string | undefined;
  sqlSecurity: string | undefined;
}>;

/** Takes `[DEFINER = user] [SQL SECURITY mode]`. */
export function readSecurity(cursor: Cursor): Security {
  const definer = cursor.takes('DEFINER =') ? cursor.name() : undefined;
  const sqlSecurity = cursor.takes('SQL SECURITY') ? cursor.name() : undefined;
  return { definer, sqlSecurity };
}

export function securityText({ definer, sqlSecurity }: Security): string | undefined {
  const user = definer === undefined || definer === 'CURRENT_USER' ? definer : identifier(definer);
  const words = [user && `DEFINER = ${user}`, sqlSecurity && `SQL SECURITY ${sqlSecurity}`].filter(Boolean);
  return words.length > 0 ? words.join(' ') : undefined;
}

/** What the server fills in where nothing was declared, or for whoever happens to apply, is no difference. */
export function sameDefiner(live: string | undefined, desired: string | undefined): boolean {
  return desired === undefined || desired === 'CURRENT_USER' || live === desired;
}

/** Takes `AS query` up to the end. */
export function readQuery(cursor: Cursor): string {
  cursor.expect('AS');
  const query = cursor.rest();
  return query || cursor.fail('a query');
}

/** The query as the server stores it: formatted, with the database written before every table it names. */
export async function normaliseQuery(query: string, database: string, server: Normaliser): Promise<string> {
  const text = await server.view(
    (name) => `CREATE TEMPORARY VIEW ${name} (\`_\` UInt8) AS ${query}`,
    database,
  );
  return text.slice(text.indexOf(' AS ') + ' AS '.length);
}

/** The column list as the server stores it. */
export async function normaliseColumns(
  columns: string | undefined,
  server: Normaliser,
): Promise<string | undefined> {
  if (columns === undefined) return undefined;
  const text = await server.table((name) => `CREATE TEMPORARY TABLE ${name} (${columns}) ENGINE = Null`);
  return text.slice(text.indexOf('(') + 1, text.lastIndexOf(') ENGINE ='));
}
