/** A live object goes in; the ways in which it can be declared come out, the shortest first and its raw text last. */

import type { Kind } from '../declared/schemas.ts';
import type { Described } from '../declared/write.ts';
import { rootKind } from '../kinds/index.ts';
import type { Description, Normaliser, RootKind } from '../kinds/kind.ts';
import { refusedName } from '../kinds/names.ts';
import { ServerError } from '../live/server.ts';
import { showId, type Tree } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import { missingFromRoundTrip } from '../plan/round-trip.ts';
import { sqlLines } from '../render/sql-lines.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { withReferences } from './secrets.ts';

export interface Candidate {
  readonly described: Described;
  /** Why it is no better one; absent for the best. */
  readonly reason?: string;
}

export interface Candidates {
  readonly best: readonly Candidate[];
  /** Why the object can't be declared at all. */
  readonly refused?: string;
}

const WIDTH = 92;

/** A query on as many lines as it needs. */
function broken(sql: string): string {
  const lines = sqlLines(sql, WIDTH);
  return lines.length > 1 ? `${lines.join('\n')}\n` : (lines[0] ?? '');
}

const readableQuery = (value: unknown): unknown => {
  if (typeof value === 'string') return broken(value);
  return typeof value === 'object' && value !== null && 'query' in value
    ? { ...value, query: readableQuery(value.query) }
    : value;
};

/** Queries on lines of their own; that of a dictionary's source is a text which its source gets as it is. */
export function readable(description: Description): Description {
  const { query, raw, projections } = description;
  return {
    ...description,
    ...(query !== undefined && { query: readableQuery(query) }),
    ...(raw !== undefined && { raw: readableQuery(raw) }),
    ...(projections instanceof Map && {
      projections: new Map([...projections].map(([name, one]) => [name, readableQuery(one)])),
    }),
  };
}

function described(kind: RootKind, tree: Tree): Described {
  const { path } = tree.root.id;
  const description = withReferences(kind.describe(tree), path, path.length > 1 ? 'table' : 'database');
  return { kind: kind.document as Kind, description: readable(description) };
}

/** Undefined where the question itself fails, as for a view over a dropped table: then nothing is left out. */
async function minimal(kind: RootKind, tree: Tree, server: Normaliser): Promise<Candidate | undefined> {
  try {
    const short = (await kind.withoutImplied?.(tree, server)) ?? tree;
    return { described: described(kind, short) };
  } catch (error) {
    if (error instanceof ServerError || error instanceof ParseError) return undefined;
    throw error;
  }
}

function rawCandidate(root: Root, reason: string): Candidate[] {
  if (root.id.path.length !== 2) return [];
  const kind = rootKind('raw object');
  const tree = kind.overAny?.read(root);
  return tree ? [{ described: described(kind, tree), reason }] : [];
}

const DIFFERS = 'what can be said of it in a declaration is not what is live';

/** Asks the server what it fills in by itself. */
export async function candidatesOf(root: Root, server: Normaliser): Promise<Candidates> {
  const kind = rootKind(root.id.kind);
  try {
    const tree = root.tree();
    const refused = refusedName(tree);
    if (refused) return { best: [], refused: `${showId(root.id)}: ${refused}` };
    if (kind.overAny) return { best: rawCandidate(root, `Plumbline knows no kind for it`) };
    const missing = missingFromRoundTrip(root);
    if (missing) return { best: rawCandidate(root, missing) };
    const whole = { described: described(kind, tree) };
    const short = await minimal(kind, tree, server);
    return { best: [...(short ? [short] : []), whole, ...rawCandidate(root, DIFFERS)] };
  } catch (error) {
    if (!(error instanceof ParseError || error instanceof TokenError)) throw error;
    return { best: rawCandidate(root, error.message) };
  }
}
