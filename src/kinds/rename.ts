/** Two trees of one object under two names go in; the statement that gives it the second comes out. */
import type { Tree } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import { qualified } from '../sql/quote.ts';
import { statement } from './drafts.ts';

/** `word` is what the server calls such objects: TABLE stands for views, too. */
export function renameStatement(word: 'TABLE' | 'DICTIONARY', to: Tree, from: Tree): Draft {
  return statement(`RENAME ${word} ${qualified(from.root.id.path)} TO ${qualified(to.root.id.path)}`);
}

/** A materialized view with storage of its own stays where its hidden table is. */
export function renameView(to: Tree, from: Tree, ownStorage: boolean): Draft {
  if (!ownStorage || to.root.id.path[0] === from.root.id.path[0]) return renameStatement('TABLE', to, from);
  return { refuse: "ClickHouse can't move a materialized view with storage of its own to another database" };
}

interface Declaration {
  readonly database: string;
  readonly renamed_from?: string | { readonly database: string; readonly name: string };
}

/** The declared old path; a name alone means one in the same database. */
export function declareRename({ database, renamed_from: old }: Declaration): { renamedFrom?: string[] } {
  if (old === undefined) return {};
  return { renamedFrom: typeof old === 'string' ? [database, old] : [old.database, old.name] };
}
