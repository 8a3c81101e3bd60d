/** An object of the active site goes in; it comes out as the passive site's declaration would say it, in the same words. */
import { isHidden } from '../kinds/secret.ts';
import { isMergeTree } from '../kinds/table-engine.ts';
import { type DrPair, isPaired } from '../model/dr-pair.ts';
import type { Tree } from '../model/object.ts';
import type { Place } from '../model/place.ts';
import type { Root } from '../model/state.ts';
import { isOfRebuild } from '../plan/rebuild.ts';
import { missingFromRoundTrip } from '../plan/round-trip.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';

/** Why an object is not created; the message says so. */
export class NotCopied extends Error {
  override readonly name = 'NotCopied';
}

const isUnreadable = (error: unknown): error is Error =>
  error instanceof ParseError || error instanceof TokenError;

/** Tables of the MergeTree family; what is not understood is among them, so that it is told. */
export function isCreatable(pair: DrPair, root: Root): boolean {
  if (root.id.kind !== 'table' || !isPaired(pair, root.id.path) || isOfRebuild(root.id)) return false;
  try {
    return isMergeTree(String(root.tree().root.attributes.engine));
  } catch (error) {
    if (isUnreadable(error)) return true;
    throw error;
  }
}

/** How it is kept, plain, replicated or shared, is each cluster's own. */
function leftToCluster({ root, parts }: Tree, place: Place | undefined): Tree {
  const attributes = { ...root.attributes };
  if (root.id.kind === 'table') attributes.replication = undefined;
  if (root.id.kind === 'database') {
    if (!/^(Atomic|Replicated|Shared)\b/.test(String(attributes.engine)))
      throw new NotCopied(`its engine is ${attributes.engine}`);
    Object.assign(attributes, { engine: 'Atomic', settings: {} });
  }
  return { root: { id: root.id, attributes, ...(place && { place }) }, parts };
}

/** Throws {@link NotCopied} where it would not be the same. */
export function copyOf(live: Root, place: Place | undefined): Tree {
  if (isHidden(live.statement)) throw new NotCopied('the active site hides a secret of it: declare it');
  try {
    const missing = missingFromRoundTrip(live);
    if (missing !== undefined) throw new NotCopied(`it is not fully understood: ${missing}`);
    return leftToCluster(live.tree(), place);
  } catch (error) {
    if (isUnreadable(error)) throw new NotCopied(`it is not fully understood: ${error.message}`);
    throw error;
  }
}
