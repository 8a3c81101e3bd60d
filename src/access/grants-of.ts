/** A declared grant goes in; whom it is for, the roles it gives, and its statements as a configuration file has them come out. */
import { rootKind } from '../kinds/index.ts';
import type { Tree } from '../model/object.ts';
import { identifier } from '../sql/quote.ts';

interface Described {
  readonly to: string;
  readonly roles?: readonly (string | { readonly role: string })[];
}

const described = (tree: Tree): Described =>
  rootKind(tree.root.id.kind).describe(tree) as unknown as Described;

export function granteeOf(tree: Tree): string {
  return described(tree).to;
}

/** None for a grant of rights. */
export function rolesGranted(tree: Tree): readonly string[] {
  return (described(tree).roles ?? []).map((role) => (typeof role === 'string' ? role : role.role));
}

/** A file says to whom by where a statement stands. */
export function statementsWithoutGrantee(tree: Tree): readonly string[] {
  const draft = rootKind(tree.root.id.kind).create(tree);
  const grantee = identifier(granteeOf(tree));
  const without = (text: string): string => {
    const [mark = ''] = [` TO ${grantee}`, ` FROM ${grantee}`].filter((one) => text.includes(one));
    const at = text.lastIndexOf(mark);
    return text.slice(0, at) + text.slice(at + mark.length);
  };
  return 'statements' in draft ? draft.statements.map(without) : [];
}
