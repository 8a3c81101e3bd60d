/** What ALTER makes of a table's own attributes: which changes it takes, and the clauses for them. */
import { keyOf, type Tree } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import { columnsOf } from './column-keys.ts';
import { clause, greedyClause, hazard, RANK } from './drafts.ts';
import { altersComments, positionOf, setsSetting } from './engine-abilities.ts';
import type { Action, Around } from './kind.ts';
import { mentions } from './mentions.ts';
import { type Storage, settingsText } from './storage.ts';
import { engineOf, holdsRows, isMergeTree, keepsSettings, keyParts, sameSetting } from './table-engine.ts';

const attributesOf = (tree: Tree): Storage => tree.root.attributes as Storage;

/** What no ALTER makes: harmless where the live table keeps no rows, a rebuild elsewhere. */
const remake = (reason: string, { from }: Around): Action =>
  holdsRows(attributesOf(from).engine) ? { rebuild: reason } : 'replace';

/** A new table in the place of one that reads a stream would begin anew. */
const lose = (what: string, engine: string): Action => ({
  refuse: `ClickHouse can't change the ${what} of an existing table, and a new one loses ${positionOf(engine)}`,
});

export const changeDefinition =
  (what: string) =>
  (_from: unknown, _to: unknown, around: Around): Action => {
    const { engine } = attributesOf(around.from);
    if (positionOf(engine)) return lose(what, engine);
    return remake(`ClickHouse can't change the ${what} of an existing table`, around);
  };

const changeKey = changeDefinition('sorting key');

/** A sorting key can grow at its end, by expressions over columns that are added in the same ALTER and have no default. */
export function changeOrderBy(from: string | undefined, to: string | undefined, around: Around): Action {
  const { from: live, to: desired } = around;
  if (!isMergeTree(attributesOf(desired).engine)) return changeKey(from, to, around);
  const [before, after] = [keyParts(from), keyParts(to)];
  const shortens = after.length <= before.length && after.every((part, at) => part === before[at]);
  const primaryKey = keyParts(attributesOf(live).primaryKey ?? from);
  if (shortens && after.length >= primaryKey.length) return 'alter';
  const had = columnsOf(live);
  const isNew = (part: string): boolean => {
    const used = [...columnsOf(desired).keys()].filter((name) => mentions(part, name));
    return used.length > 0 && used.every((name) => !had.has(name));
  };
  const added = after.slice(before.length);
  if (!before.every((part, at) => part === after[at]) || !added.every(isNew))
    return changeKey(from, to, around);
  const defaulted = [...columnsOf(desired)].find(
    ([name, { value }]) => value !== undefined && added.some((part) => mentions(part, name)),
  );
  if (!defaulted) return 'alter';
  const rule = 'a sorting key can grow by a new column only where that has no default';
  return remake(`${rule}, and \`${defaulted[0]}\` has one`, around);
}

export function changeComment(_from: string, _to: string, { from, to }: Around): Action {
  const { engine } = attributesOf(to);
  if (altersComments(engine, 'table')) return 'alter';
  return changeDefinition('comment')(_from, _to, { from, to });
}

/** Settings of MergeTree tables that 26.7 answers with READONLY_SETTING. */
const FIXED_SETTINGS = [
  'index_granularity',
  'index_granularity_bytes',
  'enable_mixed_granularity_parts',
  'add_minmax_index_for_numeric_columns',
  'add_minmax_index_for_string_columns',
  'add_minmax_index_for_temporal_columns',
  'add_minmax_index_for_block_number_column',
  'add_minmax_index_for_block_offset_column',
  'allow_tuple_element_aggregation',
  'share_nested_offsets',
  'table_disk',
];

export function changeSettings(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
  around: Around,
): Action {
  const fixed = FIXED_SETTINGS.find((name) => from[name] !== to[name]);
  if (fixed) return remake(`ClickHouse can't change the setting ${fixed} of an existing table`, around);
  const { engine } = attributesOf(around.to);
  if (isMergeTree(engine)) return 'alter';
  if (!holdsRows(engine)) return 'replace';
  const resets = !keepsSettings(engine) && Object.keys(from).some((name) => !(name in to));
  const set = Object.keys(to).filter((name) => !sameSetting(from[name], to[name]));
  if (!resets && set.every((name) => setsSetting(engine, name, to))) return 'alter';
  const what = `${resets ? 'reset' : 'change'} settings`;
  return remake(`the engine ${engineOf(engine).name} can't ${what} of an existing table`, around);
}

/** A new projection may need a new setting, as it does in a ReplacingMergeTree: then the setting comes first. */
export function settingsDrafts(to: Tree, from: Tree): Draft[] {
  const [desired, live] = [attributesOf(to).settings, attributesOf(from).settings];
  const set = Object.entries(desired).filter(([name, value]) => !sameSetting(live[name], value));
  const keeps = keepsSettings(attributesOf(to).engine);
  const reset = keeps ? [] : Object.keys(live).filter((name) => !(name in desired));
  const had = new Set(from.parts.map(({ id }) => keyOf(id)));
  const adds = to.parts.some(({ id }) => id.kind === 'projection' && !had.has(keyOf(id)));
  const rank = adds ? RANK.first : RANK.settings;
  return [
    ...(set.length > 0
      ? [greedyClause(`MODIFY SETTING ${settingsText(Object.fromEntries(set))}`, rank, { local: true })]
      : []),
    ...(reset.length > 0
      ? [greedyClause(`RESET SETTING ${reset.join(', ')}`, RANK.settings, { local: true })]
      : []),
  ];
}

export function ttlDraft(ttl: string | undefined): Draft {
  if (ttl === undefined) return clause('REMOVE TTL', RANK.dropDependent);
  return greedyClause(`MODIFY TTL ${ttl}`, RANK.ttl, {
    verdict: 'mutation',
    hazards: [
      hazard('loses data', 'rows that the new TTL finds expired are deleted by the next merges'),
      hazard('rewrites data', 'the TTL is computed anew for every part'),
    ],
  });
}
