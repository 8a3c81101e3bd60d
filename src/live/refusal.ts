/** A declared object that a node can't have, or can't show, goes in with the reason; the finding about it comes out. */
import type { Finding } from '../model/finding.ts';
import { type ObjectId, showId, type Tree } from '../model/object.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { ACCESS_DENIED, ServerError } from './server.ts';

/** Throws the error again where it says nothing about the declaration, as that the user lacks a right. */
export function refusal(tree: Tree, error: unknown, node: string): Finding {
  if (!(error instanceof ServerError || error instanceof ParseError || error instanceof TokenError))
    throw error;
  if (error instanceof ServerError && (error.code === undefined || error.code === ACCESS_DENIED)) throw error;
  const reason = error instanceof ServerError ? error.reason : error.message;
  const message = `${showId(tree.root.id)} can't be created there: ${reason}`;
  const { place } = tree.root;
  return { severity: 'error', rule: 'refused-by-server', message, node, ...(place && { place }) };
}

/** The server does not show objects of this kind, so nobody knows how they are. */
export function notShown({ root: { id, place } }: Tree, reason: string, node: string): Finding {
  const message = `${showId(id)} can't be compared: ${reason}`;
  return { severity: 'error', rule: 'not-shown', message, node, ...(place && { place }) };
}

/** What a server is too old to be compared in, told once for each reason. */
export function tooOldFindings(
  found: readonly (readonly [reason: string, id: ObjectId])[],
  node: string,
): Finding[] {
  return [...new Set(found.map(([reason]) => reason))].map((reason) => {
    const names = found.flatMap(([other, id]) => (other === reason ? [showId(id)] : [])).sort();
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    const message = `${reason}, so nobody can compare ${names.slice(0, 5).join(', ')}${more}`;
    return { severity: 'warning', rule: 'too-old', message, node };
  });
}
