/** SQL functions: a name for a lambda, replaced in one statement. */
import type { Tree } from '../model/object.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { hazard, statement } from './drafts.ts';
import type { RootKind } from './kind.ts';

export type SqlFunction = Readonly<{
  /** `(a, b) -> a + b` */
  lambda: string;
}>;

const createText = (start: string, { root }: Tree): string =>
  `${start} ${identifier(root.id.path[0] ?? '')} AS ${(root.attributes as SqlFunction).lambda}`;

function readFunction(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE FUNCTION');
  cursor.name();
  cursor.expect('AS');
  const lambda = cursor.rest();
  const head = new Cursor(lambda);
  if (head.sees('(')) head.parenthesized();
  else head.expression(() => true);
  if (!head.takes('->')) throw new ParseError('a function is a lambda such as `(a, b) -> a + b`');
  return { root: { id, attributes: { lambda } }, parts: [] };
}

export const sqlFunction: RootKind<SqlFunction> = {
  name: 'function',
  document: 'Function',
  attributes: { lambda: 'alter' },
  declare(declared) {
    const value = declared.value as { readonly name: string; readonly lambda: string };
    const place = declared.place();
    const id = { kind: 'function', path: [value.name] };
    return { root: { id, attributes: { lambda: value.lambda.trim() }, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const rows = await server.functions();
    return rows.map(({ name, statement: text }) => ({
      id: { kind: 'function', path: [name] },
      statement: text,
    }));
  },
  parse: (live) => readFunction(live.statement, live.id),
  normalise: async (tree, server) =>
    readFunction(await server.format(createText('CREATE FUNCTION', tree)), tree.root.id),
  create: (to) => statement(createText('CREATE FUNCTION', to)),
  alter: (to) => [
    statement(createText('CREATE OR REPLACE FUNCTION', to), 'metadata', [
      hazard('changes results', 'queries that call the function'),
    ]),
  ],
  drop: (from) => statement(`DROP FUNCTION ${identifier(from.root.id.path[0] ?? '')}`, 'destructive'),
  describe: ({ root }) => ({ name: root.id.path[0], ...root.attributes }),
};
