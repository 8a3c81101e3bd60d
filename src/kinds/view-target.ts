/** The table a materialized view writes to: as it is declared, and as SQL. */
import { Cursor } from '../sql/cursor.ts';
import { qualified } from '../sql/quote.ts';

/** `table`, `database.table`, or the long form for databases with a dot in their name. */
export type Target = string | { readonly database: string; readonly name: string };

/** The quoted name. A name without a database is one in the view's own. */
export function declareTarget(to: Target | undefined, home: string): string | undefined {
  if (to === undefined) return undefined;
  if (typeof to !== 'string') return qualified([to.database, to.name]);
  const dot = to.indexOf('.');
  return dot < 0 ? qualified([home, to]) : qualified([to.slice(0, dot), to.slice(dot + 1)]);
}

/** What {@link declareTarget} reads, as short as it can be. */
export function describeTarget(target: string | undefined, home: string): Target | undefined {
  if (target === undefined) return undefined;
  const [database = '', name = ''] = new Cursor(target).path();
  if (database === home && !name.includes('.')) return name;
  return database.includes('.') ? { database, name } : `${database}.${name}`;
}
