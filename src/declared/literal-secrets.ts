/** A declared object goes in; what is wrong with its secrets comes out. */
import { isHidden } from '../kinds/secret.ts';
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

/** The path of what a server has hidden, in what is no free text. */
function hiddenPath({ root: { attributes } }: Tree): string[] | undefined {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string' && name !== 'comment' && isHidden(value)) return [name];
    const entries = typeof value === 'object' ? Object.entries(value) : [];
    const hidden = entries.find(([, text]) => isHidden(String(text)));
    if (hidden) return [name, hidden[0]];
  }
  return undefined;
}

export interface SecretMistake {
  readonly rule: 'literal-secret' | 'hidden-secret';
  readonly message: string;
  readonly place: Place;
}

export function secretMistakes(tree: Tree, entry: Entry): SecretMistake[] {
  const whose = showId(tree.root.id);
  const hidden = hiddenPath(tree);
  return [
    ...secretsIn(tree).map(
      ({ what, key }): SecretMistake => ({
        rule: 'literal-secret',
        message: `${what} of ${whose} can be read by everybody who can read this file; write '{secret:NAME}' in its place`,
        place: entry.place(key),
      }),
    ),
    ...(hidden
      ? [
          {
            rule: 'hidden-secret',
            message: `\`[HIDDEN]\` in ${whose} is what a server shows in place of a secret; write \`{secret:NAME}\` in its place`,
            place: entry.place(hidden),
          } as const,
        ]
      : []),
  ];
}
