/** Asks a server how it would store a definition, through temporary tables and views that nobody else sees. */
import { randomUUID } from 'node:crypto';
import type { Normaliser } from '../kinds/kind.ts';
import { tyingFunctions } from '../kinds/ties.ts';
import type { Engines } from '../model/estate.ts';
import type { Root } from '../model/state.ts';
import { identifier, literal } from '../sql/quote.ts';
import { type Abilities, TooOldError } from './abilities.ts';
import { formatterOf } from './formatter.ts';
import { legible } from './legible.ts';
import type { ServerFacts } from './read.ts';
import { accessView } from './read-access.ts';
import { type Server, ServerError } from './server.ts';
import { statementColumn } from './statement-text.ts';

const LANES = 4;

const UNKNOWN_SETTING = 115;

/** Types that a server takes only from those who insist: who declares one insists, so every statement of a plan says it too. */
export const PERMISSIVE = { allow_suspicious_low_cardinality_types: 1 } as const;

interface Lane {
  readonly session: string;
  tail: Promise<unknown>;
  load: number;
}

/** One normaliser per node; `live` is what is there, `engines` what its cluster says. */
export function normaliserOf(
  server: Server,
  facts: ServerFacts,
  live: Iterable<Root>,
  abilities: () => Promise<Abilities>,
  engines: Engines,
): Normaliser {
  const databases = new Set([...live].flatMap(({ id }) => (id.kind === 'database' ? id.path : [])));
  const lanes: Lane[] = Array.from({ length: LANES }, () => ({
    session: `plumbline-${randomUUID()}`,
    tail: Promise.resolve(),
    load: 0,
  }));
  let counter = 0;
  let types: Promise<ReadonlyMap<string, string>> | undefined;
  const access = accessView(server);

  /** Requests of one session must not overlap: each lane runs one definition after the other. */
  const inLane = <T>(work: (session: string) => Promise<T>): Promise<T> => {
    const lane = lanes.reduce((least, other) => (other.load < least.load ? other : least));
    lane.load++;
    const result = lane.tail.then(() => work(lane.session));
    lane.tail = result.catch(() => undefined).finally(() => lane.load--);
    return result;
  };

  const stored = (
    definition: (name: string) => string,
    word: 'TABLE' | 'VIEW',
    database?: string,
  ): Promise<string> =>
    inLane(async (session) => {
      const name = `plumbline_${counter++}`;
      const options = { session, settings: PERMISSIVE, ...(database !== undefined && { database }) };
      const written = definition(name);
      await server.run(written, options);
      const [row] = await server.rows<[string]>(
        `SELECT ${statementColumn('create_table_query')} FROM system.tables WHERE database = '' AND name = ${literal(name)}`,
        { session },
      );
      await server.run(`DROP TEMPORARY ${word} ${name}`, { session });
      return legible(written, row?.[0]);
    });

  const format = formatterOf(server, abilities);

  return {
    table: (definition) => stored(definition, 'TABLE'),
    async view(definition, database) {
      if (!databases.has(database)) return format(definition('x'));
      if (!(await abilities()).hasTemporaryViews) throw new TooOldError('the server has no temporary views');
      return stored(definition, 'VIEW', database);
    },
    format,
    settingTypes() {
      types ??= server
        .rows<[string, string]>('SELECT name, type FROM system.settings')
        .then((rows) => new Map(rows));
      return types;
    },
    takesSetting: (name) =>
      server.rows(`SELECT 1 SETTINGS ${identifier(name)} = 1`).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof ServerError)) throw error;
          return error.code !== UNKNOWN_SETTING;
        },
      ),
    privileges: () => access('privileges'),
    indexGranularity: facts.indexGranularity,
    engines,
    user: facts.user,
    tyingFunctions: tyingFunctions(live),
  };
}
