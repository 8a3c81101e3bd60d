/** What a server adds to a definition by itself goes out of it again, so that a declaration need not say it. */
import type { StateObject } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import type { Normaliser } from './kind.ts';
import { leftToCluster } from './replication.ts';
import type { SkippingIndex } from './skipping-index.ts';
import type { Storage } from './storage.ts';
import { isMergeTree, sameKey } from './table-engine.ts';
import type { Security } from './view-text.ts';

/** The granularity of the server's settings, a primary key that is the sorting key, and how the cluster replicates. */
export function withoutImpliedStorage<S extends Storage>(
  storage: S,
  path: readonly string[],
  server: Normaliser,
): S {
  if (!isMergeTree(storage.engine)) return storage;
  const { index_granularity: granularity, ...others } = storage.settings;
  const settings = granularity === server.indexGranularity ? others : storage.settings;
  const primaryKey = sameKey(storage.primaryKey, storage.orderBy) ? undefined : storage.primaryKey;
  return { ...leftToCluster(storage, path, server.engines), settings, primaryKey };
}

/** These indexes cover a whole part unless they say otherwise, all others one granule. */
const OF_WHOLE_PARTS = /^(text|vector_similarity)\b/;
const WHOLE_PART = '100000000';

export function withoutImpliedGranularity(part: StateObject): StateObject {
  if (part.id.kind !== 'index') return part;
  const { type, granularity } = part.attributes as SkippingIndex;
  const implied = OF_WHOLE_PARTS.test(type) ? WHOLE_PART : '1';
  return granularity === implied
    ? { ...part, attributes: { ...part.attributes, granularity: undefined } }
    : part;
}

/** The column list of a view, where it is not the one that the server itself would read from the query. */
export async function withoutImpliedColumns(
  { columns, query }: { readonly columns: string | undefined; readonly query: string },
  database: string,
  server: Normaliser,
): Promise<{ readonly columns: string | undefined }> {
  if (columns === undefined) return { columns };
  const text = await server.view((name) => `CREATE TEMPORARY VIEW ${name} AS ${query}`, database);
  const cursor = new Cursor(text);
  cursor.expect('CREATE TEMPORARY VIEW');
  cursor.path();
  return { columns: cursor.sees('(') && cursor.parenthesized() === columns ? undefined : columns };
}

/** Views that run on a schedule get a definer: the one who creates them. */
export function withoutImpliedSecurity({ definer, sqlSecurity }: Security, { user }: Normaliser): Security {
  const isImplied = definer === user && sqlSecurity === 'DEFINER';
  return isImplied ? { definer: undefined, sqlSecurity: undefined } : { definer, sqlSecurity };
}
