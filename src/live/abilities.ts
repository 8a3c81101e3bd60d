/** Asks a server what it has (engines, functions, types …); says of a declared object why that server can't take it. */
import { isForeignDatabase } from '../kinds/database.ts';
import { engineOf } from '../kinds/table-engine.ts';
import { nearest } from '../model/nearest.ts';
import { nameKey, type ObjectId, pathKey, type Tree } from '../model/object.ts';
import type { State } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { literal } from '../sql/quote.ts';
import { TokenError } from '../sql/tokens.ts';
import { callsOf } from './calls-of.ts';
import { type Server, ServerError } from './server.ts';

export interface Abilities {
  /** Why the server can't have an object of this definition; undefined where nothing speaks against it. */
  lack(tree: Tree, live: State, declared: ReadonlySet<string>): string | undefined;
  /** Whether it has `formatQuerySingleLine`. */
  readonly formats: boolean;
  /** Whether it has temporary views. */
  readonly hasTemporaryViews: boolean;
}

/** The server is too old to be asked how it would store a definition; that is no fault of the declaration. */
export class TooOldError extends ParseError {}

/** Settings without which a server takes an engine from nobody. */
const SWITCHES: Readonly<Record<string, string>> = {
  'table TimeSeries': 'allow_experimental_time_series_table',
  'table MaterializedPostgreSQL': 'allow_experimental_materialized_postgresql_table',
  'table YTsaurus': 'allow_experimental_ytsaurus_table_engine',
  'table Paimon': 'allow_experimental_paimon_storage_engine',
  'table PaimonS3': 'allow_experimental_paimon_storage_engine',
  'table PaimonAzure': 'allow_experimental_paimon_storage_engine',
  'table PaimonHDFS': 'allow_experimental_paimon_storage_engine',
  'table PaimonLocal': 'allow_experimental_paimon_storage_engine',
  'database MaterializedPostgreSQL': 'allow_experimental_database_materialized_postgresql',
  'database Ordinary': 'allow_deprecated_database_ordinary',
};

const switches = [...new Set(Object.values(SWITCHES))].map(literal).join(', ');

/** By the name of the table in `system` from which they come; servers lack some of these tables too. */
const LISTS: Readonly<Record<string, string>> = {
  table_engines: `SELECT 'table engine', name FROM system.table_engines`,
  database_engines: `SELECT 'database engine', name FROM system.database_engines`,
  functions: `SELECT if(case_insensitive, 'function in any case', 'function'), name FROM system.functions`,
  table_functions: `SELECT 'table function', name FROM system.table_functions`,
  data_type_families: `SELECT 'type', name FROM system.data_type_families`,
  aggregate_function_combinators: `SELECT 'combinator', name FROM system.aggregate_function_combinators`,
  keywords: `SELECT 'keyword', arrayJoin(splitByChar(' ', keyword)) FROM system.keywords`,
  settings: `SELECT 'switched off', name FROM system.settings WHERE value = '0' AND name IN (${switches})`,
  privileges: `SELECT 'right', toString(privilege) FROM system.privileges WHERE privilege = 'CREATE TEMPORARY VIEW'`,
};

/** What can't be looked at counts as there: the server itself has the last word. */
const UNKNOWN: Abilities = { lack: () => undefined, formats: true, hasTemporaryViews: true };

function meant(name: string, known: Iterable<string>): string {
  const near = nearest(name, [...known]);
  return near === undefined ? '' : `; did you mean \`${near}\`?`;
}

/** Three requests at most; asked only where a declaration has to be compared. Throws {@link ServerError}. */
async function readAbilities(server: Server): Promise<Abilities> {
  const asked = Object.keys(LISTS).map(literal).join(', ');
  try {
    const tables = await server.rows<[string]>(
      `SELECT name FROM system.tables WHERE database = 'system' AND name IN (${asked})`,
    );
    const lists = tables.flatMap(([name]) => LISTS[name] ?? []);
    const rows = await server.rows<[string, string]>(lists.join(' UNION ALL '));
    return abilitiesOf(rows, new Set(tables.map(([name]) => name)));
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined) return UNKNOWN;
    throw error;
  }
}

export type AbilitiesByClass = (serverClass: string, server: Server) => () => Promise<Abilities>;

/** The abilities of servers by their class, each asked for at most once and only when somebody wants to know. */
export function abilitiesByClass(): AbilitiesByClass {
  const known = new Map<string, Promise<Abilities>>();
  return (serverClass, server) => () => {
    const asked = known.get(serverClass) ?? readAbilities(server);
    known.set(serverClass, asked);
    return asked;
  };
}

function abilitiesOf(rows: readonly (readonly [string, string])[], lists: ReadonlySet<string>): Abilities {
  const sets = new Map<string, Set<string>>();
  for (const [list, name] of rows) sets.set(list, (sets.get(list) ?? new Set()).add(name));
  const listed = (list: string): ReadonlySet<string> => sets.get(list) ?? new Set();
  const functions = new Set([
    ...listed('function'),
    ...listed('function in any case'),
    ...listed('table function'),
  ]);
  const anyCase = new Set([...listed('function in any case')].map((name) => name.toLowerCase()));

  const isCallable = (name: string): boolean => {
    if (functions.has(name) || anyCase.has(name.toLowerCase()) || listed('type').has(name)) return true;
    if (listed('keyword').has(name.toUpperCase())) return true;
    return [...listed('combinator')].some(
      (end) => name.endsWith(end) && isCallable(name.slice(0, -end.length)),
    );
  };

  /** Without the words of its grammar nobody knows which names before a parenthesis are functions. */
  const unknownFunction = (query: string, declared: ReadonlySet<string>): string | undefined => {
    if (!['functions', 'keywords', 'table_functions'].every((list) => lists.has(list))) return undefined;
    const name = callsOf(query).find((called) => !isCallable(called) && !declared.has(called));
    return name && `the server has no function \`${name}\`${meant(name, functions)}`;
  };

  const unknownEngine = (text: string, of: 'table' | 'database', isNew: boolean): string | undefined => {
    const { name } = engineOf(text);
    const known = listed(`${of} engine`);
    if (known.size > 0 && !known.has(name))
      return `the server has no ${of} engine \`${name}\`${meant(name, known)}`;
    const needed = SWITCHES[`${of} ${name}`];
    return isNew && needed && listed('switched off').has(needed)
      ? `the engine \`${name}\` needs the setting ${needed} in the profile of the user who applies`
      : undefined;
  };

  /** It lists SQL functions with its own, which are told apart by what is live; names in another case are other names. */
  const takenName = ({ kind, path: [name = ''], path }: ObjectId, live: State): string | undefined =>
    kind === 'function' &&
    !live.has(nameKey({ kind, path })) &&
    ['function', 'function in any case'].some((list) => listed(list).has(name))
      ? `the server has a function \`${name}\` of its own; give this one another name`
      : undefined;

  return {
    formats: !lists.has('functions') || functions.has('formatQuerySingleLine'),
    hasTemporaryViews: !lists.has('privileges') || listed('right').size > 0,
    lack({ root: { id, attributes } }, live, declared) {
      const [database = ''] = id.path;
      const inside = id.path.length > 1 ? live.get(pathKey([database])) : undefined;
      const engineInside = inside?.tree().root.attributes.engine;
      if (typeof engineInside === 'string' && isForeignDatabase(engineInside))
        return `what is in ${database} belongs to the server behind its engine ${engineOf(engineInside).name}`;
      const taken = takenName(id, live);
      if (taken) return taken;
      const { engine, query } = attributes;
      const of = id.kind === 'database' ? 'database' : 'table';
      try {
        const lacksEngine =
          typeof engine === 'string' ? unknownEngine(engine, of, !live.has(nameKey(id))) : undefined;
        return lacksEngine ?? (typeof query === 'string' ? unknownFunction(query, declared) : undefined);
      } catch (error) {
        if (error instanceof ParseError || error instanceof TokenError) return undefined;
        throw error;
      }
    },
  };
}
