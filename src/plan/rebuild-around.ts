/** Fits a rebuild into the live state around its table: views that must stand still, and databases that can't exchange tables. */
import { recipe } from '../kinds/rebuild-sql.ts';
import { type ObjectId, pathKey } from '../model/object.ts';
import type { Root, State } from '../model/state.ts';
import type { Draft, RebuildDraft } from '../model/step.ts';
import { ParseError } from '../sql/cursor.ts';
import { qualified } from '../sql/quote.ts';
import type { Difference } from './diff.ts';

/** Whether the view is refreshed into the table: the rows of a refresh under way would go to the old one. */
function refreshesInto(root: Root, table: string): boolean {
  if (root.id.kind !== 'materialized view' || !root.statement.includes(' REFRESH ')) return false;
  try {
    const { target, schedule } = root.tree().root.attributes;
    return target === table && schedule !== undefined;
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}

function engineOfDatabase(name: string, live: State): string {
  const root = live.get(pathKey([name]));
  return String(root?.tree().root.attributes.engine ?? 'Atomic');
}

function around(draft: RebuildDraft, { path }: ObjectId, live: State): Draft {
  const [database = ''] = path;
  const engine = engineOfDatabase(database, live);
  if (engine !== 'Atomic' && engine !== 'Overlay') {
    return { refuse: `a table is rebuilt only in an Atomic database, and \`${database}\` is ${engine}` };
  }
  const views = [...live.values()].filter((root) => refreshesInto(root, qualified(path)));
  const rebuild = { ...draft.recipe, stopped: views.map(({ id }) => qualified(id.path)).sort() };
  return { ...draft, recipe: rebuild, statements: recipe(path, rebuild) };
}

/** The difference with its rebuild, where it has one, as this state needs it. */
export function rebuildAround(difference: Difference, id: ObjectId, live: State): Difference {
  const drafts = difference.drafts.map((draft) => ('recipe' in draft ? around(draft, id, live) : draft));
  return { ...difference, drafts };
}
