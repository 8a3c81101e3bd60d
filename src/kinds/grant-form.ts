/** What a grant is made of, its name, and the text by which it is compared. */

import type { ObjectId, Tree } from '../model/object.ts';
import { identifier } from '../sql/quote.ts';
import { storageWords } from './access-row.ts';
import { shortName } from './access-text.ts';
import { type Given, givenTexts } from './grant-rights.ts';
import { showTarget, targetText } from './grant-text.ts';
import { targetOf } from './rights.ts';

export type Grant = Readonly<{
  /** The user or role. */
  to: string;
  /** The key of the target; undefined for the roles that it has. */
  target: string | undefined;
  /** By privilege with column, or by role. */
  rights: Given;
  /** What the server lists in `system.privileges`, as JSON; only of declared grants, once they are normalised. */
  listed: string | undefined;
  /** What makes the live rights the declared ones. */
  statements: readonly string[];
  /** What the grantee may do for a moment only, between two of the statements. */
  excess: string | undefined;
  /** Where no statement changes it. */
  storage: string | undefined;
}>;

export const grantOf = ({ root }: Tree): Grant => root.attributes as Grant;

/** What a grant of roles is called by, as others are by their targets. */
export const ROLES = 'roles';

/** The name of a grant: `d.t TO reader`, `roles TO reader`. */
export function grantId(to: string, target: string | undefined): ObjectId {
  const what = target === undefined ? ROLES : showTarget(targetOf(target));
  return { kind: 'grant', path: [`${what} TO ${shortName(to)}`] };
}

const ENDS: Readonly<Record<string, string>> = {
  'with grant option': ' WITH GRANT OPTION',
  'with admin option': ' WITH ADMIN OPTION',
};

/** The statements that give a new grantee the same, without the grantee: `GRANT SELECT ON d.t WITH GRANT OPTION`. */
export function statementsWithoutGrantee(tree: Tree): readonly string[] {
  const { target, rights } = grantOf(tree);
  if (target === undefined) {
    return ['granted', 'with admin option'].flatMap((word) => {
      const roles = Object.keys(rights).filter((role) => rights[role] === word);
      return roles.length > 0 ? [`GRANT ${roles.map(identifier).join(', ')}${ENDS[word] ?? ''}`] : [];
    });
  }
  return givenTexts(targetOf(target), rights).map(({ text, word }) => `${text}${ENDS[word] ?? ''}`);
}

/** The user or role that it is about. */
export const granteeOf = (tree: Tree): string => grantOf(tree).to;

/** The roles that it grants; none for rights. */
export function rolesGranted(tree: Tree): readonly string[] {
  const { target, rights } = grantOf(tree);
  return target === undefined ? Object.keys(rights) : [];
}

/** All that is granted, as statements with semicolons between them: the canonical text. */
export function grantText(tree: Tree): string {
  const { to, target, storage } = grantOf(tree);
  const texts = statementsWithoutGrantee(tree);
  const nothing = target === undefined ? 'GRANT NONE' : `GRANT NONE ON ${targetText(targetOf(target))}`;
  const whole = (texts.length > 0 ? texts : [nothing]).join('; ');
  return `TO ${identifier(to)}${storageWords(storage)}: ${whole}`;
}
