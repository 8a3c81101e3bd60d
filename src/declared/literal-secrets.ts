/** A declared object goes in; what to say of each secret that everybody can read in it comes out. */
import { literalSecrets } from '../kinds/secret-positions.ts';
import { showId, type Tree } from '../model/object.ts';
import type { Place } from '../model/place.ts';
import { TokenError } from '../sql/tokens.ts';
import type { Entry } from './files.ts';

/** Text that is no SQL is told of elsewhere. */
function secretsIn(tree: Tree): ReturnType<typeof literalSecrets> {
  try {
    return literalSecrets(tree);
  } catch (error) {
    if (error instanceof TokenError) return [];
    throw error;
  }
}

export function literalSecretsOf(
  tree: Tree,
  entry: Entry,
): { readonly message: string; readonly place: Place }[] {
  return secretsIn(tree).map(({ what, key }) => ({
    message: `${what} of ${showId(tree.root.id)} can be read by everybody who can read this file; write '{secret:NAME}' in its place`,
    place: entry.place(key),
  }));
}
