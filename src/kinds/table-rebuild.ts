/** Two versions of a table that no ALTER makes of each other go in; the rebuild that copies the rows comes out, or why not. */
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import type { Cut, Rebuild, RebuildNames } from '../model/rebuild.ts';
import type { Hazard, RefusalDraft } from '../model/step.ts';
import { identifier, literal } from '../sql/quote.ts';
import { effectOfType, effectOfValue } from './column-effects.ts';
import { columnsOf } from './column-keys.ts';
import type { Column } from './column-text.ts';
import { hazard } from './drafts.ts';
import { exactCast } from './exact-cast.ts';
import { tooLongNames } from './names.ts';
import { replicationOf } from './replication.ts';
import type { Storage } from './storage.ts';
import { engineOf, holdsRows } from './table-engine.ts';
import { isNullable, typeChange } from './type-change.ts';

const attributesOf = (tree: Tree): Storage => tree.root.attributes as Storage;

/** Engines that keep rows without parts, and give them back when they are read. */
const WHOLE = new Set(['Log', 'TinyLog', 'StripeLog', 'Memory', 'Join', 'EmbeddedRocksDB']);

/** Settings that a rebuild sets on the old table while it is at work. */
export const BORROWED = [
  'enable_block_number_column',
  'parts_to_delay_insert',
  'min_delay_to_insert_ms',
  'max_avg_part_size_for_too_many_parts',
];

/** A TTL with GROUP BY makes new rows of old ones, and the server keeps no block numbers then. */
const groupsRows = (ttl: string | undefined): boolean => /\bGROUP BY\b/.test(ttl ?? '');

function cutOf({ engine, ttl }: Storage): Cut | undefined {
  const { name } = engineOf(engine);
  if (WHOLE.has(name)) return 'whole';
  if (!name.endsWith('MergeTree')) return undefined;
  return name === 'MergeTree' && !groupsRows(ttl) ? 'numbered' : 'still';
}

const isComputed = ({ value }: Column): boolean => /^(MATERIALIZED|ALIAS|EPHEMERAL)\b/.test(value ?? '');

const isUnreadable = ({ value }: Column): boolean => /^EPHEMERAL\b/.test(value ?? '');

/** The expression behind DEFAULT. */
const defaultOf = ({ value }: Column): string | undefined => /^DEFAULT (.+)$/s.exec(value ?? '')?.[1];

/** Types that can't stand inside Nullable have no NULL that a default could take the place of. */
const takesNull = (type: string): boolean =>
  !/^(Array|Map|Tuple|Nested|JSON|Variant|Dynamic|AggregateFunction|LowCardinality)\b/.test(type);

function converted(name: string, from: Column, to: Column): string {
  const source = identifier(name);
  if (from.type === to.type) return source;
  const exact = typeChange(from.type, to.type) === 'narrowing';
  const cast = (type: string): string =>
    exact ? exactCast(source, from.type, type).value : `CAST(${source}, ${literal(type)})`;
  const value = defaultOf(to);
  if (!isNullable(from.type) || isNullable(to.type) || value === undefined || !takesNull(to.type))
    return cast(to.type);
  return `ifNull(${cast(`Nullable(${to.type})`)}, CAST(${value}, ${literal(to.type)}))`;
}

/** Of the settings that a rebuild borrows, those that the table sets itself. */
function ownSettings({ settings }: Storage): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => BORROWED.includes(name)));
}

/** Why the rows can't be copied from one table of this engine into another. */
const UNCOPIED: Readonly<Record<string, string>> = {
  Set: "the rows of a Set can't be read: declare another Set under a new name, fill it from where its rows come from, and let queries use that",
  KeeperMap:
    'two KeeperMap tables of one path are one table: declare one with another path under a new name, and copy the rows',
};

/** The directory that an EmbeddedRocksDB names, if it does. */
const directoryOf = (engine: string): string | undefined =>
  /^EmbeddedRocksDB\(.*?('(?:[^'\\]|\\.)*')/s.exec(engine)?.[1];

/** By another way than the cluster's own: a block has its number before it is committed, and other replicas take inserts, too. */
const REPLICATED =
  "Plumbline does not rebuild tables with replicas: it can't hold what other replicas insert between the copying and the exchange; " +
  'docs/rebuild.md says how to do it by hand';

function unableReason(live: Storage, desired: Storage): string | undefined {
  const unable = [live, desired].find((storage) => cutOf(storage) === undefined);
  const directory = directoryOf(live.engine);
  if (directory !== undefined && directory === directoryOf(desired.engine))
    return `two tables can't have one directory: give the new one another than ${directory}`;
  if (!unable) return undefined;
  const { name } = engineOf(unable.engine);
  return (
    UNCOPIED[name] ?? `Plumbline can't copy the rows of the engine ${name}: create a new table and copy them`
  );
}

function refusal(from: Tree, to: Tree, { shadow, late, old }: RebuildNames): string | undefined {
  const [live, desired] = [attributesOf(from), attributesOf(to)];
  if (!holdsRows(desired.engine))
    return `the engine ${engineOf(desired.engine).name} keeps no rows: drop the table, apply, and declare it anew`;
  if (replicationOf(from) ?? replicationOf(to)) return REPLICATED;
  const unable = unableReason(live, desired);
  if (unable !== undefined) return unable;
  const long = [shadow, late, old].find((name) => tooLongNames([from.root.id.path[0] ?? '', name]));
  return long && `the name \`${long}\`, which the rebuild needs, is too long for ClickHouse`;
}

/** `definition` is what stands behind `CREATE TABLE name`. Views into the table are not known here: `stopped` is empty. */
export function rebuildOf(
  to: Tree,
  from: Tree,
  definition: string,
  names: RebuildNames,
): Rebuild | RefusalDraft {
  const refused = refusal(from, to, names);
  if (refused) return { refuse: refused };
  const live = columnsOf(from);
  const oldNames = new Map(
    from.parts.map(({ id, renamedFrom = id.path }) => [id.path.at(-1), renamedFrom.at(-1)]),
  );
  const columns = [...columnsOf(to)].flatMap(([name, column]) => {
    const before = live.get(name);
    if (!before || isComputed(column) || isUnreadable(before)) return [];
    return [{ name, expression: converted(oldNames.get(name) ?? name, before, column) }];
  });
  if (columns.length === 0)
    return { refuse: 'the table keeps none of its columns: drop it and declare it anew' };
  const after = cutOf(attributesOf(to)) ?? 'whole';
  return {
    ...names,
    definition,
    columns,
    from: after === 'whole' ? after : (cutOf(attributesOf(from)) ?? 'whole'),
    to: after,
    settings: { from: ownSettings(attributesOf(from)), to: ownSettings(attributesOf(to)) },
    stopped: [],
  };
}

/** Of the values that the new types can't hold. */
function lossHazards(to: Tree, from: Tree): Hazard[] {
  const before = new Map(from.parts.map((part) => [keyOf(part.id), part]));
  return to.parts.flatMap((part) => {
    const live = before.get(keyOf(part.id));
    if (part.id.kind !== 'column' || !live || isComputed(part.attributes as Column)) return [];
    const { hazards } = effectOfType(part as StateObject<Column>, live as StateObject<Column>);
    // Without a default no NULL is lost: the copying stops at the first one.
    const stops = part.attributes.value === undefined;
    return hazards.filter(
      ({ kind, reason }) => kind === 'loses data' && !(stops && reason.startsWith('NULL ')),
    );
  });
}

/** Columns that the new table computes by itself, and what they were before. */
function computedAnew(to: Tree, from: Tree): [StateObject<Column>, StateObject<Column>][] {
  const before = new Map(from.parts.map((part) => [keyOf(part.id), part]));
  return to.parts.flatMap((part): [StateObject<Column>, StateObject<Column>][] => {
    const live = before.get(keyOf(part.id));
    const [column, old] = [part, live] as [StateObject<Column>, StateObject<Column> | undefined];
    const isComputedNow = part.id.kind === 'column' && /^MATERIALIZED /.test(column.attributes.value ?? '');
    if (!isComputedNow || !old || sameColumn(column.attributes, old.attributes)) return [];
    return [[column, old]];
  });
}

const sameColumn = (one: Column, other: Column): boolean =>
  one.type === other.type && one.value === other.value;

/** What an ALTER would do to the values of columns that are computed anew. */
export function mootReasons(to: Tree, from: Tree): ReadonlySet<string> {
  const effects = computedAnew(to, from).flatMap((pair) => [effectOfType(...pair), effectOfValue(...pair)]);
  return new Set(effects.flatMap(({ hazards }) => hazards.map(({ reason }) => reason)));
}

/** What the copying does to rows, and to those who write meanwhile. */
export function rebuildHazards(to: Tree, from: Tree, { from: cut, old }: Rebuild): Hazard[] {
  const kept = `the old table stays as ${old} until somebody drops it`;
  const computed = computedAnew(to, from).map(([{ id }]) =>
    hazard('changes results', `column ${id.path.at(-1)} is computed anew for all rows`),
  );
  const lost = [...lossHazards(to, from), ...computed];
  if (cut === 'whole') {
    const reason = `rows inserted while the new table takes the name stay in the old one; apply fails then and names them; ${kept}`;
    return [...lost, hazard('misses inserts', reason)];
  }
  const still = cut === 'still' ? '; its parts are not merged while they are copied' : '';
  const reason = `inserts wait for two seconds while the new table takes the name${still}; ${kept}`;
  return [...lost, hazard('blocks writes', reason)];
}
