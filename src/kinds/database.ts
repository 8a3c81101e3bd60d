/** Databases: their engine, settings and comment. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier, literal } from '../sql/quote.ts';
import { hazard, statement } from './drafts.ts';
import type { Action, Around, RootKind } from './kind.ts';
import { said } from './said.ts';
import { declareSettings, describeSettings, readSettings, settingsText } from './storage.ts';
import { sameEngine, sameSettings } from './table-engine.ts';

export type Database = Readonly<{
  engine: string;
  settings: Readonly<Record<string, string>>;
  comment: string;
  /** `server` where it makes what it likes of an ordinary database. */
  chosenBy: 'server' | undefined;
}>;

/** What managed servers make of a database that is declared as an ordinary one. */
const ORDINARY = /^(Atomic|Replicated|Shared)\b/;

function sameDatabaseEngine(live: string, desired: string, { to }: Around): boolean {
  const free = to.root.attributes.chosenBy === 'server' && ORDINARY.test(live) && ORDINARY.test(desired);
  return free || sameEngine(live, desired);
}

/** Databases that every server has and nobody declares, and the one where Plumbline keeps its lock and journal. */
export const OWN_DATABASE = 'plumbline';
const SYSTEM = new Set([
  'system',
  'information_schema',
  'INFORMATION_SCHEMA',
  '_temporary_and_external_tables',
  OWN_DATABASE,
]);

export function isSystemDatabase(name: string): boolean {
  return SYSTEM.has(name);
}

/** Engines of databases that only show what is elsewhere: what is in them is nobody's to declare, and they can be made anew. */
const WINDOWS = 'MySQL PostgreSQL SQLite DataLakeCatalog Filesystem S3 HDFS Backup Dictionary Overlay'.split(
  ' ',
);

/** All whose tables are not ours; the last two keep what they replicated. */
export const FOREIGN_DATABASES: readonly string[] = [
  ...WINDOWS,
  'MaterializedPostgreSQL',
  'MaterializedMySQL',
];

const nameOf = (engine: string): string => /^\w*/.exec(engine)?.[0] ?? '';

export function isForeignDatabase(engine: string): boolean {
  return FOREIGN_DATABASES.includes(nameOf(engine));
}

/** Engines that take a comment when they are created, and no other one later. */
const COMMENTED_ONCE = /^(Dictionary|Filesystem|S3|HDFS)\b/;

const attributesOf = (tree: Tree): Database => tree.root.attributes as Database;

/** Dropping a window loses nothing, and nothing else changes one. */
const remake = (what: string, { from, to }: Around): Action =>
  [from, to].every((tree) => WINDOWS.includes(nameOf(attributesOf(tree).engine)))
    ? 'replace'
    : { refuse: `ClickHouse can't change the ${what} of a database: create a new one and move the tables` };

function createText(tree: Tree): string {
  const { engine, settings, comment } = attributesOf(tree);
  return [
    `CREATE DATABASE ${identifier(tree.root.id.path[0] ?? '')} ENGINE = ${engine}`,
    Object.keys(settings).length > 0 && `SETTINGS ${settingsText(settings)}`,
    comment && `COMMENT ${literal(comment)}`,
  ]
    .filter(Boolean)
    .join(' ');
}

export const database: RootKind<Database> = {
  name: 'database',
  document: 'Database',
  attributes: {
    engine: {
      change: (_from, _to, around) => remake('engine', around),
      same: sameDatabaseEngine,
    },
    settings: {
      change: (_from, _to, around) => remake('settings', around),
      same: (live, desired, { to }) =>
        to.root.attributes.chosenBy === 'server' || sameSettings(live, desired),
    },
    comment: {
      change: (_from, _to, around) =>
        COMMENTED_ONCE.test(attributesOf(around.to).engine) ? remake('comment', around) : 'alter',
    },
    chosenBy: 'ignore',
  },
  declare(declared) {
    const value = declared.value as {
      name: string;
      engine?: string;
      settings?: Record<string, string>;
      comment?: string;
    };
    const place = declared.place();
    const attributes: Database = {
      engine: value.engine ?? 'Atomic',
      settings: declareSettings(value.settings),
      comment: value.comment ?? '',
      chosenBy: undefined,
    };
    return {
      root: { id: { kind: 'database', path: [value.name] }, attributes, ...(place && { place }) },
      parts: [],
    };
  },
  adapt: ({ root, parts }, { engines: { as } }) => ({
    root:
      as === 'shared' || as === 'any'
        ? { ...root, attributes: { ...root.attributes, chosenBy: 'server' } }
        : root,
    parts,
  }),
  async read(server) {
    const rows = await server.databases();
    return rows.map(({ name, engine, comment }) => {
      const end = comment ? ` COMMENT ${literal(comment)}` : '';
      const statement = `CREATE DATABASE ${identifier(name)} ENGINE = ${engine}${end}`;
      return { id: { kind: 'database', path: [name] }, statement };
    });
  },
  parse({ id, statement: text }) {
    const cursor = new Cursor(text);
    cursor.expect('CREATE DATABASE');
    cursor.name();
    cursor.expect('ENGINE =');
    const name = cursor.name();
    const engine = cursor.sees('(') ? `${name}(${cursor.parenthesized()})` : name;
    const settings = cursor.takes('SETTINGS') ? readSettings(cursor) : {};
    const comment = cursor.takes('COMMENT') ? cursor.string() : '';
    if (!cursor.ended) cursor.fail('the end');
    return { root: { id, attributes: { engine, settings, comment, chosenBy: undefined } }, parts: [] };
  },
  normalise: async (tree) => tree,
  create: (to) => statement(createText(to)),
  alter: (to) => [
    statement(
      `ALTER DATABASE ${identifier(to.root.id.path[0] ?? '')} MODIFY COMMENT ${literal((to.root.attributes as Database).comment)}`,
    ),
  ],
  describe({ root }) {
    const { engine, settings, comment } = root.attributes as Database;
    return said({
      name: root.id.path[0],
      engine: engine === 'Atomic' ? undefined : engine,
      settings: describeSettings(settings),
      comment: comment || undefined,
    });
  },
  replace: (to, from) =>
    statement([`DROP DATABASE ${identifier(from.root.id.path[0] ?? '')}`, createText(to)], 'rebuild', [
      hazard('blocks writes', 'for a moment the database is not there; it holds nothing of its own'),
    ]),
  drop: (from) =>
    statement(`DROP DATABASE ${identifier(from.root.id.path[0] ?? '')}`, 'destructive', [
      hazard('loses data', 'every table in the database'),
    ]),
};
