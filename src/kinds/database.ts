/** Databases: their engine and comment. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier, literal } from '../sql/quote.ts';
import { hazard, statement } from './drafts.ts';
import type { Around, RootKind } from './kind.ts';
import { said } from './said.ts';
import { sameEngine } from './table-engine.ts';

export type Database = Readonly<{
  engine: string;
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

function createText(tree: Tree): string {
  const { engine, comment } = tree.root.attributes as Database;
  const end = comment ? ` COMMENT ${literal(comment)}` : '';
  return `CREATE DATABASE ${identifier(tree.root.id.path[0] ?? '')} ENGINE = ${engine}${end}`;
}

export const database: RootKind<Database> = {
  name: 'database',
  document: 'Database',
  attributes: {
    engine: {
      change: {
        refuse: "ClickHouse can't change the engine of a database: create a new one and move the tables",
      },
      same: sameDatabaseEngine,
    },
    comment: 'alter',
    chosenBy: 'ignore',
  },
  declare(declared) {
    const value = declared.value as { name: string; engine?: string; comment?: string };
    const place = declared.place();
    const attributes: Database = {
      engine: value.engine ?? 'Atomic',
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
      const id = { kind: 'database', path: [name] };
      return { id, statement: createText({ root: { id, attributes: { engine, comment } }, parts: [] }) };
    });
  },
  parse({ id, statement: text }) {
    const cursor = new Cursor(text);
    cursor.expect('CREATE DATABASE');
    cursor.name();
    cursor.expect('ENGINE =');
    const engine = cursor.expression(() => cursor.sees('COMMENT') && cursor.peek(1)?.kind === 'string');
    const comment = cursor.takes('COMMENT') ? cursor.string() : '';
    if (!cursor.ended) cursor.fail('the end');
    return { root: { id, attributes: { engine, comment, chosenBy: undefined } }, parts: [] };
  },
  normalise: async (tree) => tree,
  create: (to) => statement(createText(to)),
  alter: (to) => [
    statement(
      `ALTER DATABASE ${identifier(to.root.id.path[0] ?? '')} MODIFY COMMENT ${literal((to.root.attributes as Database).comment)}`,
    ),
  ],
  describe({ root }) {
    const { engine, comment } = root.attributes as Database;
    return said({
      name: root.id.path[0],
      engine: engine === 'Atomic' ? undefined : engine,
      comment: comment || undefined,
    });
  },
  drop: (from) =>
    statement(`DROP DATABASE ${identifier(from.root.id.path[0] ?? '')}`, 'destructive', [
      hazard('loses data', 'every table in the database'),
    ]),
};
