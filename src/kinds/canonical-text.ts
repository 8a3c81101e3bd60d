/** A tree goes in; the text by which it is compared with others of its kind comes out. */
import type { Tree } from '../model/object.ts';
import { rootKind } from './index.ts';

/** The statement that creates it, unless its kind has another text. */
export function canonicalText(tree: Tree): string {
  const kind = rootKind(tree.root.id.kind);
  if (kind.text) return kind.text(tree);
  const draft = kind.create(tree);
  return 'statements' in draft ? (draft.statements[0] ?? '') : '';
}
