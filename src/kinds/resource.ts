/** Resources, which workloads share: disks, threads, memory or slots for queries; replaced in one statement. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { statement } from './drafts.ts';
import type { Action, RootKind } from './kind.ts';

export type Resource = Readonly<{
  /** `READ DISK s3, WRITE DISK s3`, `MASTER THREAD`, `QUERY` … */
  operations: string;
}>;

const createText = (start: string, { root }: Tree): string =>
  `${start} ${identifier(root.id.path[0] ?? '')} (${(root.attributes as Resource).operations})`;

function readResource(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE RESOURCE');
  cursor.name();
  const operations = cursor.parenthesized();
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes: { operations } }, parts: [] };
}

function operationsIn(list: string): string[] {
  const cursor = new Cursor(list);
  const operations: string[] = [];
  do operations.push(cursor.expression());
  while (cursor.takes(','));
  return operations;
}

/** What a resource is measured in follows from its operations, and stays as it is for as long as the resource is there. */
const UNITS = ['DISK', 'THREAD', 'QUERY', 'MEMORY'] as const;

const unitOf = (operations: string): string | undefined => UNITS.find((unit) => operations.includes(unit));

function changeOperations(from: string, to: string): Action {
  if (unitOf(from) === unitOf(to)) return 'alter';
  return {
    refuse:
      "ClickHouse can't change what a resource is measured in: drop it and the limits for it, then apply",
  };
}

export const resource: RootKind<Resource> = {
  name: 'resource',
  document: 'Resource',
  attributes: { operations: { change: changeOperations } },
  declare(declared) {
    const value = declared.value as {
      readonly name: string;
      readonly operations: string | readonly string[];
    };
    const place = declared.place();
    const id = { kind: 'resource', path: [value.name] };
    const attributes = { operations: [value.operations].flat().join(', ') };
    return { root: { id, attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const rows = await server.resources();
    return rows.map(({ name, statement: text }) => ({
      id: { kind: 'resource', path: [name] },
      statement: text,
    }));
  },
  parse: (live) => readResource(live.statement, live.id),
  normalise: async (tree, server) =>
    readResource(await server.format(createText('CREATE RESOURCE', tree)), tree.root.id),
  create: (to) => statement(createText('CREATE RESOURCE', to)),
  alter: (to) => [statement(createText('CREATE OR REPLACE RESOURCE', to))],
  drop: (from) => statement(`DROP RESOURCE ${identifier(from.root.id.path[0] ?? '')}`, 'destructive'),
  describe({ root }) {
    const [only = '', ...more] = operationsIn((root.attributes as Resource).operations);
    return { name: root.id.path[0], operations: more.length > 0 ? [only, ...more] : only };
  },
};
