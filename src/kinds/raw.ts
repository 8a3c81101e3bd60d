/** Raw objects: a CREATE text that is compared as a whole, for what Plumbline can't take apart. */
import type { ObjectId, Tree } from '../model/object.ts';
import { ParseError } from '../sql/cursor.ts';
import { firstDifference } from '../sql/difference.ts';
import { qualified } from '../sql/quote.ts';
import { dictionary } from './dictionary.ts';
import { hazard, statement } from './drafts.ts';
import type { Action, Around, Normaliser, RootKind } from './kind.ts';
import { materializedView } from './materialized-view.ts';
import { type RawText, readRawText } from './raw-text.ts';
import { sameValue } from './secret.ts';
import { table } from './table.ts';
import { view } from './view.ts';

export type Raw = Readonly<{
  /** The CREATE text: as it was written, or in the server's own formatting. */
  definition: string;
  /** As it was written. */
  written: string;
  /** What the object's own kind makes of it; undefined where none can take it apart. */
  canonical: string | undefined;
  /** `true` where a live object that differs may be replaced. */
  replace: string | undefined;
}>;

const attributesOf = (tree: Tree): Raw => tree.root.attributes as Raw;

/** A server may store what it formats in another way: then the words of the declaration count as they were written. */
function sameDefinition(live: string, desired: string, { to }: Around): boolean {
  const texts = [desired, attributesOf(to).written];
  return texts.some((text) => firstDifference(live, text, sameValue) === undefined);
}

function changeDefinition(live: string, desired: string, { to }: Around): Action {
  const { from: is, to: said } = firstDifference(live, desired, sameValue) ?? {};
  const [a, b] = [is, said].map((token) => (token ? `\`${token.text}\`` : 'the end'));
  const found = `${a} at offset ${is?.start ?? live.length} of the live text is ${b} in the declared one`;
  if (attributesOf(to).replace === undefined) {
    return { refuse: `${found}; say \`replace: true\` to have it replaced, or import it again` };
  }
  const kept = keptRows(readRawText(live));
  return kept === undefined ? 'replace' : { refuse: `${found}, and it is not replaced: ${kept}` };
}

/** Why the object must not be replaced; undefined where it keeps no rows of its own. */
function keptRows({ what, keepsRows }: RawText): string | undefined {
  return keepsRows ? `the ${what.toLowerCase()} holds rows, which would be lost` : undefined;
}

function rawTree(id: ObjectId, definition: string): Tree {
  return {
    root: { id, attributes: { definition, written: definition, canonical: undefined, replace: undefined } },
    parts: [],
  };
}

/** Kinds that may know what a text creates. */
const KINDS: readonly RootKind[] = [
  table,
  view,
  materializedView,
  dictionary,
] as readonly unknown[] as RootKind[];

/** The text as the server would store it, as far as the kind of what it creates can tell. */
async function canonicalText(
  what: string,
  path: readonly string[],
  definition: string,
  server: Normaliser,
): Promise<string | undefined> {
  const kind = KINDS.find(({ name }) => name === what.toLowerCase());
  if (!kind) return undefined;
  try {
    const parsed = kind.parse({ id: { kind: kind.name, path }, statement: definition });
    const draft = kind.create(await kind.normalise(parsed, server));
    return 'statements' in draft ? draft.statements[0] : undefined;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

const DROPS: Readonly<Record<string, string>> = { TABLE: 'TABLE', DICTIONARY: 'DICTIONARY' };

const dropText = ({ what, path }: RawText): string => `DROP ${DROPS[what] ?? 'VIEW'} ${qualified(path)}`;

export const raw: RootKind<Raw> = {
  name: 'raw object',
  document: 'Raw',
  attributes: {
    definition: { change: changeDefinition, same: sameDefinition },
    written: 'ignore',
    canonical: 'ignore',
    replace: 'ignore',
  },
  declare(declared) {
    const value = declared.value as { database: string; name: string; raw: string; replace?: boolean };
    const place = declared.place();
    const { root } = rawTree({ kind: 'raw object', path: [value.database, value.name] }, value.raw.trim());
    const replace = value.replace ? 'true' : undefined;
    return {
      root: { ...root, attributes: { ...root.attributes, replace }, ...(place && { place }) },
      parts: [],
    };
  },
  async read(server) {
    const rows = await server.tables();
    return rows
      .filter(({ statement: text }) => text !== '')
      .map((row) => ({
        id: { kind: 'raw object', path: [row.database, row.name] },
        statement: row.statement,
      }));
  },
  parse: (live) => rawTree(live.id, live.statement),
  overAny: {
    read: (live) => rawTree(live.id, live.statement),
    understood(declared, id) {
      const { canonical } = attributesOf(declared);
      const kind = canonical === undefined ? undefined : KINDS.find(({ name }) => name === id.kind);
      return kind?.parse({ id, statement: canonical ?? '' });
    },
  },
  async normalise(tree, server) {
    const { written } = attributesOf(tree);
    const definition = await server.format(written);
    const { path, what } = readRawText(definition);
    if (qualified(path) !== qualified(tree.root.id.path)) {
      throw new ParseError(
        `its text creates ${qualified(path)}, and must create ${qualified(tree.root.id.path)}`,
      );
    }
    const canonical = await canonicalText(what, tree.root.id.path, definition, server);
    const attributes = { ...tree.root.attributes, definition, canonical };
    return { root: { ...tree.root, attributes }, parts: [] };
  },
  create: (to) => statement(attributesOf(to).definition),
  alter: () => [],
  describe({ root }) {
    const [database, name] = root.id.path;
    const { definition, replace } = root.attributes as Raw;
    return { database, name, raw: definition, ...(replace !== undefined && { replace: true }) };
  },
  drop(from) {
    const live = readRawText(attributesOf(from).definition);
    const hazards = live.keepsRows
      ? [hazard('loses data', `all rows of the ${live.what.toLowerCase()}`)]
      : [];
    return statement(dropText(live), 'destructive', hazards);
  },
  replace(to, from) {
    const [live, next] = [attributesOf(from).definition, attributesOf(to).definition].map(readRawText);
    const { definition } = attributesOf(to);
    const texts =
      live?.what === next?.what && next?.replaceable
        ? [definition.replace(/^CREATE/, 'CREATE OR REPLACE')]
        : [dropText(live as RawText), definition];
    return statement(texts, 'destructive');
  },
};
