/** Reads what stands beside the databases: functions, named collections, workloads and resources, where a server shows them. */
import type { ServerView, StatementRow } from '../kinds/server-view.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { ACCESS_DENIED, type Server, ServerError } from './server.ts';
import { statementColumn, statementText } from './statement-text.ts';

const text = statementColumn('create_query');

const FUNCTIONS = `SELECT name, ${text} FROM system.functions WHERE origin = 'SQLUserDefined'`;

/** Whoever may see secrets does not see them here either: what is hidden can't be told to anybody. */
const NAMED_COLLECTIONS = `
SELECT name, if(source = 'SQL', ${text}, '') FROM system.named_collections
SETTINGS format_display_secrets_in_show_and_select = 0`;

const WORKLOADS = `SELECT name, ${text} FROM system.workloads`;
const RESOURCES = `SELECT name, ${text} FROM system.resources`;

/** UNKNOWN_IDENTIFIER, UNKNOWN_TABLE, UNKNOWN_SETTING: the server is too old to know the kind, or to show its statements. */
const UNKNOWN: ReadonlySet<number | undefined> = new Set([47, 60, 115]);

/** A server does not show one of the kinds, which is no reason not to look at the others. */
export class UnshownError extends PlumblineError {
  override readonly name = 'UnshownError';
  readonly isDenied: boolean;

  constructor(message: string, isDenied: boolean) {
    super(message);
    this.isDenied = isDenied;
  }
}

/** By the name of the kind: why the server does not show its objects. */
export type Unshown = ReadonlyMap<string, UnshownError>;

async function rowsOf(server: Server, query: string): Promise<readonly StatementRow[]> {
  const table = /FROM (system\.\w+)/.exec(query)?.[1];
  try {
    const rows = await server.rows<[string, string]>(query);
    return rows.map(([name, statement]) => ({ name, statement: statementText(statement) }));
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.code === ACCESS_DENIED)
      throw new UnshownError(`the user may not read ${table}: GRANT SELECT ON ${table}`, true);
    if (UNKNOWN.has(error.code)) throw new UnshownError(`the server does not show them in ${table}`, false);
    throw error;
  }
}

/** What can be asked for in one request: each row behind the number of its query. */
const AT_ONCE = [FUNCTIONS, WORKLOADS, RESOURCES];
const UNION = AT_ONCE.map((query, at) => query.replace('SELECT', `SELECT '${at}',`)).join(' UNION ALL ');

export const BESIDE_QUERIES: readonly string[] = [UNION, NAMED_COLLECTIONS];

/** Undefined where the server does not show one of them: each is asked for by itself then. */
async function rowsAtOnce(server: Server): Promise<ReadonlyMap<string, StatementRow[]> | undefined> {
  try {
    const found = new Map<string, StatementRow[]>(AT_ONCE.map((query) => [query, []]));
    for (const [at, name, statement] of await server.rows<[string, string, string]>(UNION))
      found.get(AT_ONCE[Number(at)] ?? '')?.push({ name, statement: statementText(statement) });
    return found;
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined) return undefined;
    throw error;
  }
}

export function besideView(
  server: Server,
): Pick<ServerView, 'functions' | 'namedCollections' | 'workloads' | 'resources'> {
  let all: ReturnType<typeof rowsAtOnce> | undefined;
  const read = async (query: string): Promise<readonly StatementRow[]> => {
    all ??= rowsAtOnce(server);
    return (await all)?.get(query) ?? rowsOf(server, query);
  };
  return {
    functions: () => read(FUNCTIONS),
    namedCollections: () => rowsOf(server, NAMED_COLLECTIONS),
    workloads: () => read(WORKLOADS),
    resources: () => read(RESOURCES),
  };
}

/** What the plan has to say about kinds of which nothing is declared: that live ones may be missing among the unmanaged. */
export function unshownFindings(unshown: Unshown, declared: ReadonlySet<string>, node: string): Finding[] {
  const reasons = [...unshown].flatMap(([kind, { isDenied, message }]) =>
    isDenied && !declared.has(kind) ? [message] : [],
  );
  if (reasons.length === 0) return [];
  const message = `not everything that nobody declared is listed: ${reasons.join('; ')}`;
  return [{ severity: 'warning', rule: 'not-shown', message, node }];
}
