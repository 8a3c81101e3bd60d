/** Takes apart what one alteration of a replicated table changes: on all replicas through Keeper, or on the asked one alone. */
import { RANK } from '../kinds/drafts.ts';
import type { Change, Draft } from '../model/step.ts';
import type { Difference } from './diff.ts';

/**
 * Settings and comments are not kept in Keeper: an ALTER of nothing else is local, and one that mixes them with more changes
 * them on the asked replica only. https://github.com/ClickHouse/ClickHouse/pull/107142
 */
const LOCAL = new Set(['settings', 'comment']);

const isLocal = (draft: Draft): boolean => 'clause' in draft && draft.local === true;

/** A new projection may need a setting, which comes before it. */
const isFirst = (draft: Draft): boolean => 'clause' in draft && draft.rank === RANK.first;

/** The comment of a column stands in Keeper with its type, and is local where nothing else of the column changes. */
function isLocalAttribute(name: string, { object, action, attributes }: Change): boolean {
  if (object.path.length <= 2) return LOCAL.has(name);
  return action === 'alter' && object.kind === 'column' && attributes.every((one) => one.name === 'comment');
}

function changesWhere(changes: readonly Change[], local: boolean): Change[] {
  return changes.flatMap((change) => {
    const attributes = change.attributes.filter(({ name }) => isLocalAttribute(name, change) === local);
    const isWhole = attributes.length === change.attributes.length && !local;
    return attributes.length > 0 || isWhole ? [{ ...change, attributes }] : [];
  });
}

export interface Apart {
  readonly difference: Difference;
  readonly isLocal: boolean;
}

/** One difference as one or two, in the order in which they are to be made. */
export function apartLocal(difference: Difference): Apart[] {
  const { changes, drafts } = difference;
  const local = drafts.filter(isLocal);
  const carried = drafts.filter((draft) => !isLocal(draft));
  if (local.length === 0 || carried.length === 0) return [{ difference, isLocal: carried.length === 0 }];
  const part = (isLocal: boolean): Apart => ({
    difference: { ...difference, drafts: isLocal ? local : carried, changes: changesWhere(changes, isLocal) },
    isLocal,
  });
  return local.some(isFirst) ? [part(true), part(false)] : [part(false), part(true)];
}
