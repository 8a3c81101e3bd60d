/** A table's definition and random choices go in; what somebody makes of that definition with a few edits comes out. */
import { identifier } from '../../src/sql/quote.ts';
import {
  anyColumn,
  anyConstraint,
  anyDefinition,
  anyIndex,
  anyKey,
  anyOf,
  anyPartition,
  anyProjection,
  anySettings,
  anyTtl,
  anyValue,
  type Column,
  chance,
  count,
  type Definition,
  type Draw,
  FORMS,
  freshName,
  isMergeTree,
  names,
  pick,
} from './any-definition.ts';

type Edit = (draw: Draw, definition: Definition) => Definition;

const withColumns = (
  definition: Definition,
  columns: readonly (readonly [string, Column])[],
): Definition => ({
  ...definition,
  columns: Object.fromEntries(columns),
});

const speaksOf = (part: unknown, name: string): boolean =>
  JSON.stringify(part ?? '').includes(JSON.stringify(identifier(name)).slice(1, -1));

const without = <P>(parts: Readonly<Record<string, P>>, name: string): Record<string, P> =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => !speaksOf(part, name)));

/** The definition with nothing left that is made of the column; keys and engines still are. */
function freed(definition: Definition, name: string): Definition {
  const { columns, indexes, projections, constraints } = definition;
  const free = ([other, column]: [string, Column]): [string, Column] => {
    const kept = Object.entries(column).filter(([key, text]) => key === 'type' || !speaksOf(text, name));
    const rest: Column = Object.fromEntries(kept);
    return [other, FORMS.some((form) => form in rest) ? rest : { type: 'String', ...rest }];
  };
  return {
    ...withColumns(definition, Object.entries(columns).map(free)),
    indexes: without(indexes, name),
    projections: without(projections, name),
    constraints: without(constraints, name),
    ttl: definition.ttl?.some((text) => speaksOf(text, name)) ? undefined : definition.ttl,
  };
}

/** The name of a column, seldom of one in a key. */
function pickColumn(draw: Draw, definition: Definition): string {
  const { order_by, primary_key, partition_by, engine } = definition;
  const isFree = (name: string): boolean => !speaksOf([order_by, primary_key, partition_by, engine], name);
  const free = names(definition).filter(isFree);
  return pick(draw, free.length > 0 && chance(draw, 90) ? free : names(definition));
}

const changeColumn = (draw: Draw, definition: Definition, change: (column: Column) => Column): Definition => {
  const name = pickColumn(draw, definition);
  return {
    ...definition,
    columns: { ...definition.columns, [name]: change(definition.columns[name] as Column) },
  };
};

const addColumn: Edit = (draw, definition) => {
  const entries = Object.entries(definition.columns);
  const at = count(draw, entries.length);
  const column = [freshName(draw, definition.columns), anyColumn(draw, definition)] as const;
  return withColumns(definition, [...entries.slice(0, at), column, ...entries.slice(at)]);
};

const dropColumn: Edit = (draw, definition) => {
  const entries = Object.entries(definition.columns);
  if (entries.length === 1) return definition;
  const name = pickColumn(draw, definition);
  const left = withColumns(
    definition,
    entries.filter(([other]) => other !== name),
  );
  if (chance(draw, 5)) return left;
  const rest = freed(left, name);
  const key = definition.order_by?.filter((part) => !speaksOf(part, name));
  const engine = speaksOf(rest.engine, name) ? 'MergeTree' : rest.engine;
  return {
    ...rest,
    engine,
    order_by: key && key.length > 0 ? key : undefined,
    primary_key: speaksOf(rest.primary_key, name) ? undefined : rest.primary_key,
    partition_by: speaksOf(rest.partition_by, name) ? undefined : rest.partition_by,
  };
};

const moveColumn: Edit = (draw, definition) => {
  const entries = Object.entries(definition.columns);
  const [moved] = entries.splice(count(draw, entries.length - 1), 1);
  if (moved) entries.splice(count(draw, entries.length), 0, moved);
  return withColumns(definition, entries);
};

const renameColumn: Edit = (draw, definition) => {
  const old = pickColumn(draw, definition);
  const fresh = freshName(draw, definition.columns);
  const [from, to] = [identifier(old), identifier(fresh)].map((name) => JSON.stringify(name).slice(1, -1));
  const text = JSON.stringify(definition).replaceAll(from ?? '', () => to ?? '');
  const renamed = JSON.parse(text) as Definition;
  const named = ([name, column]: [string, Column]): [string, Column] =>
    name === old ? [fresh, { ...column, renamed_from: column.renamed_from ?? old }] : [name, column];
  return withColumns(renamed, Object.entries(renamed.columns).map(named));
};

/** Pairs of types between which somebody might really go. */
const RETYPED: readonly (readonly [string, string])[] = [
  ...([
    'UInt8 UInt16',
    'UInt16 UInt32',
    'UInt32 UInt64',
    'Int8 Int64',
    'Int32 String',
    'Date DateTime',
  ] as const),
  ...([
    'String LowCardinality(String)',
    'UInt32 Nullable(UInt32)',
    'Float32 Float64',
    'DateTime DateTime64(3)',
  ] as const),
  ...([
    'UInt64 UInt32',
    'String Nullable(String)',
    'Nullable(UInt32) UInt32',
    'Date Date32',
    'IPv4 IPv6',
  ] as const),
  ...(['UInt8 Bool', 'Bool UInt8', 'Array(UInt32) Array(String)'] as const),
].map((pair) => pair.split(' ') as [string, string]);

const retype: Edit = (draw, definition) =>
  changeColumn(draw, definition, (column) => {
    const [, type] = RETYPED.find(([from]) => from === column.type) ?? [];
    const {
      default: _d,
      materialized: _m,
      alias: _a,
      ephemeral: _e,
      statistics: _s,
      codec: _c,
      ...bare
    } = column;
    const alike = /^(U?Int|Float|Nullable\(U?Int)/;
    const keeps = alike.test(type ?? '') && alike.test(column.type ?? '');
    return {
      ...(keeps ? column : bare),
      type: type ?? (chance(draw, 50) ? 'String' : (anyColumn(draw, definition).type ?? 'String')),
    };
  });

const revalue: Edit = (draw, definition) => {
  const name = pickColumn(draw, definition);
  const others = withColumns(
    definition,
    Object.entries(definition.columns).filter(([other]) => other !== name),
  );
  const {
    default: _d,
    materialized: _m,
    alias: _a,
    ephemeral: _e,
    ...column
  } = definition.columns[name] as Column;
  const value = chance(draw, 70) ? anyValue(draw, column.type ?? 'String', others) : undefined;
  const form = pick(draw, FORMS);
  const changed = { type: 'String', ...column, ...(value !== undefined && { [form]: value }) };
  const rest = form === 'alias' || form === 'ephemeral' ? freed(definition, name) : definition;
  return { ...rest, columns: { ...rest.columns, [name]: changed } };
};

const dress: Edit = (draw, definition) =>
  changeColumn(draw, definition, (column) => {
    const other = anyColumn(draw, definition);
    const { type, default: d, materialized, alias, ephemeral, renamed_from } = column;
    const own = Object.fromEntries(
      Object.entries({ type, default: d, materialized, alias, ephemeral, renamed_from }).filter(
        ([, text]) => text !== undefined,
      ),
    );
    const { codec, comment, ttl, statistics, settings } = { ...column, ...other };
    return {
      ...own,
      ...(codec && chance(draw, 60) && { codec }),
      ...(comment !== undefined && { comment }),
      ...(ttl && chance(draw, 60) && { ttl }),
      ...(statistics && chance(draw, 60) && { statistics }),
      ...(settings && chance(draw, 60) && { settings }),
    };
  });

/** One part is added, or changed, or dropped. */
function changePart<P>(
  draw: Draw,
  parts: Readonly<Record<string, P>>,
  prefix: string,
  part: () => P | undefined,
): Record<string, P> {
  const name = `${prefix}${count(draw, 2)}`;
  const made = name in parts && chance(draw, 50) ? undefined : part();
  const rest = Object.fromEntries(Object.entries(parts).filter(([other]) => other !== name));
  return made === undefined ? rest : { ...rest, [name]: made };
}

const ofMergeTree =
  (edit: Edit): Edit =>
  (draw, definition) =>
    isMergeTree(definition) ? edit(draw, definition) : definition;

const growKey: Edit = (draw, definition) => {
  const grown = addColumn(draw, definition);
  const added = names(grown).find((name) => !(name in definition.columns)) ?? '';
  const key = [...(definition.order_by ?? []), identifier(added)];
  return { ...grown, columns: { ...grown.columns, [added]: { type: 'UInt32' } }, order_by: key };
};

const EDITS: readonly Edit[] = [
  ...[
    addColumn,
    dropColumn,
    dropColumn,
    moveColumn,
    renameColumn,
    renameColumn,
    retype,
    retype,
    revalue,
    revalue,
  ],
  ...[dress, dress, dress],
  ofMergeTree((draw, definition) => ({
    ...definition,
    indexes: changePart(draw, definition.indexes, 'i', () => anyIndex(draw, definition)),
  })),
  ofMergeTree((draw, definition) => ({
    ...definition,
    projections: changePart(draw, definition.projections, 'p', () => anyProjection(draw, definition)),
  })),
  ofMergeTree((draw, definition) => ({
    ...definition,
    constraints: changePart(draw, definition.constraints, 'k', () => anyConstraint(draw, definition)),
  })),
  ofMergeTree((draw, definition) => ({ ...definition, ttl: anyTtl(draw, definition) })),
  ofMergeTree((draw, definition) => ({
    ...definition,
    settings: { ...definition.settings, ...anySettings(draw) },
  })),
  ofMergeTree((_draw, definition) => ({ ...definition, settings: {} })),
  ofMergeTree(growKey),
  ofMergeTree((_draw, definition) => ({ ...definition, order_by: definition.order_by?.slice(0, -1) })),
  (draw, definition) => ({ ...definition, comment: pick(draw, ['new', undefined, "it's"]) }),
];

/** Edits that mostly need a new table. */
const DEEP_EDITS: readonly Edit[] = [
  ofMergeTree((draw, definition) => ({
    ...definition,
    order_by: anyKey(draw, definition),
    primary_key: undefined,
  })),
  ofMergeTree((draw, definition) => ({ ...definition, partition_by: anyPartition(draw, definition) })),
  (draw, { columns }) => anyOf(draw, columns),
  (draw) => anyDefinition(draw),
];

/** A name that is declared, again or still, is not one that a column was renamed from. */
function settleNames(definition: Definition): Definition {
  const settled = ([name, { renamed_from, ...column }]: [string, Column]): [string, Column] =>
    renamed_from === undefined || renamed_from in definition.columns
      ? [name, column]
      : [name, { ...column, renamed_from }];
  return withColumns(definition, Object.entries(definition.columns).map(settled));
}

export function anyEdited(draw: Draw, definition: Definition): Definition {
  let edited = definition;
  for (let left = 1 + count(draw, 4); left > 0; left--) edited = pick(draw, EDITS)(draw, edited);
  return settleNames(chance(draw, 5) ? pick(draw, DEEP_EDITS)(draw, edited) : edited);
}
