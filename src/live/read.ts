/** Reads a node: what it is, and the state of every object on it, in a number of requests that no table adds to. */
import { FOREIGN_DATABASES, isSystemDatabase } from '../kinds/database.ts';
import { ROOT_KINDS } from '../kinds/index.ts';
import type { DatabaseRow, ServerView, TableRow } from '../kinds/server-view.ts';
import type { Finding } from '../model/finding.ts';
import { type ObjectId, pathKey, showPath } from '../model/object.ts';
import { lazyRoot, type State, stateOf } from '../model/state.ts';
import type { Impact } from '../model/step.ts';
import { literal, qualified } from '../sql/quote.ts';
import { ACCESS_QUERIES, accessView } from './read-access.ts';
import { BESIDE_QUERIES, besideView, type Unshown, UnshownError } from './read-beside.ts';
import type { Server } from './server.ts';
import { statementColumn, statementText } from './statement-text.ts';

/** What decides how a server stores a definition. Nodes that agree in all of it normalise alike. */
export interface ServerFacts {
  readonly version: string;
  readonly timezone: string;
  readonly indexGranularity: string;
  /** Of the settings that differ from the defaults. */
  readonly settingsHash: string;
  readonly user: string;
}

export interface NodeReading {
  readonly facts: ServerFacts;
  readonly state: State;
  /** Kinds of which nothing is in the state, because the server does not show them. */
  readonly unshown: Unshown;
  readonly findings: readonly Finding[];
}

const FACTS = `
SELECT
  version(),
  timezone(),
  (SELECT value FROM system.merge_tree_settings WHERE name = 'index_granularity'),
  toString((SELECT sum(cityHash64(name, value)) FROM system.settings
    WHERE changed AND name NOT IN ('database', 'wait_end_of_query', 'max_execution_time'))),
  currentUser()`;

const SYSTEM_DATABASES = `('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables', 'plumbline')`;

/** Looking into these asks somebody else, who may not answer for minutes; nothing in them is ours. */
export const IN_OUR_DATABASES = `database NOT IN (SELECT name FROM system.databases
  WHERE name != 'default' AND engine IN (${FOREIGN_DATABASES.map(literal).join(', ')}))`;

const TABLES = `
SELECT database, name, engine, ${statementColumn('create_table_query')} FROM system.tables
WHERE database NOT IN ${SYSTEM_DATABASES} AND ${IN_OUR_DATABASES} AND NOT is_temporary AND NOT match(name, '^[.](tmp[.])?inner')`;

/** Characters of a server's error that are worth repeating; a stack or a path follows. */
const REASON_LENGTH = 300;

const DATABASES = 'SELECT name, engine_full, engine, comment FROM system.databases';

const STUCK_MUTATIONS = `
SELECT database, table, mutation_id, command, latest_fail_reason FROM system.mutations
WHERE NOT is_done AND NOT is_killed AND latest_fail_reason != '' AND database NOT IN ${SYSTEM_DATABASES}`;

/** The SELECTs on which a plan stands, the first one before the others; what runs and what is granted is asked beside them. */
export const READ_QUERIES: readonly string[] = [
  FACTS,
  DATABASES,
  TABLES,
  STUCK_MUTATIONS,
  ...BESIDE_QUERIES,
  ...ACCESS_QUERIES,
];

/** Asked first, with a time-out of its own: a node that does not answer this is not there. */
export async function readFacts(server: Server, timeout: number): Promise<ServerFacts> {
  const [row] = await server.rows<[string, string, string, string, string]>(FACTS, { timeout });
  const [version = '', timezone = '', indexGranularity = '', settingsHash = '', user = ''] = row ?? [];
  return { version, timezone, indexGranularity, settingsHash, user };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

/** `engine_full` says nothing of SQLite; `default` may be an Overlay, which takes no parameters to mention. */
async function engineText(server: Server, database: string, engine: string): Promise<string> {
  if (engine !== 'SQLite') return engine;
  const [row] = await server.rows<[string]>(`SHOW CREATE DATABASE ${qualified([database])}`);
  return /ENGINE = ([\s\S]*?)(?:\nCOMMENT '[\s\S]*)?$/.exec(row?.[0] ?? '')?.[1] ?? engine;
}

function viewOf(server: Server): ServerView {
  return {
    ...besideView(server),
    access: accessView(server),
    databases: once(async () => {
      const rows = await server.rows<[string, string, string, string]>(DATABASES);
      const ours = rows.filter(([name]) => !isSystemDatabase(name));
      return Promise.all(
        ours.map(async ([name, full, engine, comment]): Promise<DatabaseRow> => {
          return { name, engine: full || (await engineText(server, name, engine)), comment };
        }),
      );
    }),
    tables: once(async () => {
      const rows = await server.rows<[string, string, string, string]>(TABLES);
      return rows.map(
        ([database, name, engine, statement]): TableRow => ({
          database,
          name,
          engine,
          statement: statementText(statement),
        }),
      );
    }),
  };
}

/** A mutation that keeps failing has already changed the table's definition, so no comparison would show it. */
async function stuckMutations(server: Server): Promise<Finding[]> {
  const rows = await server.rows<[string, string, string, string, string]>(STUCK_MUTATIONS);
  return rows.map(([database, table, mutation, command, reason]) => ({
    severity: 'error',
    rule: 'stuck-mutation',
    message:
      `mutation ${mutation} of ${showPath([database, table])} keeps failing ${command}; end it: KILL MUTATION WHERE ` +
      `database = ${literal(database)} AND table = ${literal(table)} AND mutation_id = ${literal(mutation)}. ` +
      'If it changes the type of a column, the server already shows the new type over data that still has the old one: ' +
      'declare the old type, apply, mend the data, and then change the type again. ' +
      `The reason is ${reason.slice(0, REASON_LENGTH)}`,
    object: pathKey([database, table]),
    node: server.node.name,
  }));
}

/** The live state of one node. */
export async function readNode(server: Server, facts: ServerFacts): Promise<NodeReading> {
  const view = viewOf(server);
  const unshown = new Map<string, UnshownError>();
  const [definitions, findings] = await Promise.all([
    Promise.all(
      ROOT_KINDS.map(async (kind) => ({
        kind,
        live: await kind.read(view).catch((error: unknown) => {
          if (!(error instanceof UnshownError)) throw error;
          unshown.set(kind.name, error);
          return [];
        }),
      })),
    ),
    stuckMutations(server),
  ]);
  const roots = definitions.flatMap(({ kind, live }) =>
    live.map((definition) => lazyRoot(definition.id, definition.statement, () => kind.parse(definition))),
  );
  // Of two kinds that claim a name the first one has it: the last is raw, which takes what nobody else knows.
  return { facts, state: stateOf(roots.reverse()), unshown, findings };
}

/**
 * Rows, bytes and parts behind these tables, as `system.tables` sums up their active parts, and as it counts them for tables
 * in memory. Objects that hold no rows of their own are left out.
 */
export async function readImpacts(server: Server, ids: readonly ObjectId[]): Promise<Map<string, Impact>> {
  const impacts = new Map<string, Impact>();
  const names = ids.map(({ path: [database = '', name] }) =>
    name === undefined ? undefined : `(${literal(database)}, ${literal(name)})`,
  );
  const list = names.filter((name) => name !== undefined);
  if (list.length === 0) return impacts;
  const databases = [...new Set(ids.map(({ path: [database = ''] }) => literal(database)))];
  const rows = await server.rows<[string, string, string, string, string, string]>(
    `SELECT database, name, toString(total_rows), toString(ifNull(total_bytes, 0)), toString(ifNull(active_parts, 0)),
       toString(total_bytes IS NULL)
     FROM system.tables WHERE total_rows IS NOT NULL AND database IN (${databases.join(', ')}) AND (database, name) IN (${list.join(', ')})`,
  );
  for (const [database, table, count, bytes, parts, isUnsized] of rows) {
    impacts.set(pathKey([database, table]), {
      rows: Number(count),
      bytes: Number(bytes),
      parts: Number(parts),
      ...(isUnsized === '1' && { isUnsized: true }),
    });
  }
  return impacts;
}
