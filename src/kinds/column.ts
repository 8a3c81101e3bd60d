/** Columns of a table, changed by clauses of its ALTER. */
import { identifier } from '../sql/quote.ts';
import { cannotAlterColumn, cannotAlterComment, cannotAlterParts } from './alterable.ts';
import { addColumn, alterColumn } from './column-changes.ts';
import { isStored } from './column-effects.ts';
import {
  columnsOf,
  engineOfTable,
  isInKeyExpression,
  KEEPS_NONE,
  keepsStored,
  keyUse,
} from './column-keys.ts';
import type { Column } from './column-text.ts';
import { clause, hazard, RANK } from './drafts.ts';
import type { Action, Around, PartDraft, PartKind } from './kind.ts';
import { recomputeDrafts } from './materialize.ts';
import { mentions } from './mentions.ts';
import { engineOf, holdsRows, isMergeTree, sameSettings } from './table-engine.ts';
import { onlyCardinality, typeChange } from './type-change.ts';

function changeType(name: string, from: string, to: string, around: Around): Action {
  const use = keyUse(name, around.from);
  const change = typeChange(from, to);
  if (change === 'impossible')
    return { refuse: `ClickHouse can't convert \`${name}\` from ${from} to ${to}` };
  const isFree =
    change === 'metadata' || (onlyCardinality(from, to) && !isInKeyExpression(name, around.from));
  if (use === 'key' && !isFree) {
    return {
      rebuild: `\`${name}\` is part of a key, and ClickHouse can't change the type of a key column (${from} to ${to})`,
    };
  }
  if (use === 'parameter' && change === 'narrowing') {
    return {
      rebuild: `the engine needs \`${name}\`, and ClickHouse can only widen the type of such a column (${from} to ${to})`,
    };
  }
  return 'alter';
}

/** An ALTER to a bare EPHEMERAL is stored with the default of the type. */
function sameValue(live: string | undefined, desired: string | undefined): boolean {
  return (
    desired === 'EPHEMERAL' &&
    live !== undefined &&
    /^EPHEMERAL defaultValueOfTypeName\('[^']*'\)$/.test(live)
  );
}

/** How many columns stand between this one and the end of the longest chain of defaults that is made of it. */
function depth(
  name: string,
  values: ReadonlyMap<string, string | undefined>,
  seen: readonly string[] = [],
): number {
  const next = [...values].filter(
    ([other, value]) => !seen.includes(other) && other !== name && mentions(value, name),
  );
  return Math.max(0, ...next.map(([other]) => 1 + depth(other, values, [...seen, name])));
}

const isInside = (name: string, parent: string): boolean => name.startsWith(`${parent}.`);

/** Live columns that go, and that ClickHouse would take for the same Nested column as this one. */
function namesakes(name: string, { from, to }: Around): string[] {
  const kept = columnsOf(to);
  return [...columnsOf(from).keys()].filter(
    (other) => !kept.has(other) && (isInside(other, name) || isInside(name, other)),
  );
}

/** A part of a Nested column makes room for a plain column of its name first: ClickHouse does not take both. */
function makesRoom(name: string, { from, to }: Around): boolean {
  const had = columnsOf(from);
  return [...columnsOf(to).keys()].some((other) => isInside(name, other) && !had.has(other));
}

/** A plain column that others are made of is dropped too late for a Nested column of its name. */
function cannotBecomeNested(name: string, around: Around): PartDraft | undefined {
  const values = [...columnsOf(around.from).values()].map(({ value }) => value);
  const late = namesakes(name, around).find(
    (other) => isInside(name, other) && values.some((value) => mentions(value, other)),
  );
  return late === undefined
    ? undefined
    : { rebuild: `other columns are made of \`${late}\`, which becomes Nested` };
}

/** A column goes after those whose defaults are made of it, and after the ALTER that made a column or key independent of it. */
function order(name: string, around: Around): { readonly rank: number; readonly apart: boolean } {
  const values = new Map([...columnsOf(around.from)].map(([other, { value }]) => [other, value]));
  const kept = columnsOf(around.to);
  const freed = [...values].some(
    ([other, value]) => other !== name && kept.has(other) && mentions(value, name),
  );
  if (makesRoom(name, around)) return { rank: RANK.column - 0.5, apart: false };
  return {
    rank: RANK.dropColumn + depth(name, values) / 1000,
    apart: freed || keyUse(name, around.from) !== undefined,
  };
}

/** 26.7 refuses every MODIFY COLUMN of a sign column: it takes no type for the one that such columns have. */
function cannotAlterSign(name: string, around: Around): PartDraft | undefined {
  const { name: engine, parameters } = engineOf(engineOfTable(around.from));
  // Replicated tables name their path and replica first.
  const [sign] = parameters.split(',').filter((parameter) => !parameter.includes("'"));
  if (!engine.endsWith('CollapsingMergeTree') || !mentions(sign, name)) return undefined;
  return { rebuild: `ClickHouse can't alter the sign column \`${name}\`` };
}

/** Why ALTER does not rename the column; `replace` where the table keeps no rows. */
function cannotRename(old: string, name: string, around: Around): PartDraft | undefined {
  const engine = engineOfTable(around.from);
  if (!isMergeTree(engine) && !holdsRows(engine) && engineOf(engine).name !== 'Distributed') return 'replace';
  if (engineOf(engine).name === 'Memory') {
    return { rebuild: 'ClickHouse renames a column of a Memory table and forgets its values' };
  }
  if (keyUse(name, around.from)) {
    return {
      rebuild: `a key or the engine is made of \`${old}\`, and ClickHouse can't rename such a column`,
    };
  }
  if (namesakes(name, around).length > 0) {
    return { rebuild: `\`${name}\` is the name of a Nested column that goes in the same plan` };
  }
  const nested = (column: string): string => column.split('.').slice(0, -1).join('.');
  if (nested(old) === nested(name)) return undefined;
  const what = `\`${old}\` to \`${name}\``;
  return { rebuild: `ClickHouse can't rename into, out of or between Nested columns (${what})` };
}

export const column: PartKind<Column> = {
  name: 'column',
  inside: 'table',
  ordered: true,
  leftToServer: ({ to }) => columnsOf(to).size === 0,
  attributes: {
    type: {
      change: (from, to, around, id) => changeType(id.path.at(-1) ?? '', from, to, around),
    },
    value: { change: 'alter', same: sameValue },
    comment: 'alter',
    codec: 'alter',
    statistics: 'alter',
    ttl: 'alter',
    settings: { change: 'alter', same: sameSettings },
    materialize: 'ignore',
  },
  create(to, around, after) {
    const cannot =
      cannotAlterColumn(to.id.path.at(-1) ?? '', around) ??
      cannotBecomeNested(to.id.path.at(-1) ?? '', around) ??
      (to.attributes.statistics === undefined ? undefined : cannotAlterParts('statistics', around));
    if (cannot) return [cannot];
    return addColumn(to, after, namesakes(to.id.path.at(-1) ?? '', around).length > 0);
  },
  alter(to, from, changed, around, after) {
    const name = to.id.path.at(-1) ?? '';
    const onlyComment = changed.size === 1 && changed.has('comment') && !after;
    const cannot = onlyComment
      ? cannotAlterComment(name, around)
      : (cannotAlterColumn(name, around) ?? cannotAlterSign(name, around));
    if (cannot) return [cannot];
    return [...alterColumn(to, from, changed, around, after), ...recomputeDrafts(to, changed, around.to)];
  },
  rename(to, from, around) {
    const [name = '', old = ''] = [to.id.path.at(-1), from.renamedFrom?.at(-1)];
    const cannot = cannotAlterColumn(name, around) ?? cannotRename(old, name, around);
    return [cannot ?? clause(`RENAME COLUMN ${identifier(old)} TO ${identifier(name)}`, RANK.rename)];
  },
  drop(from, around) {
    const name = from.id.path.at(-1) ?? '';
    const cannot = cannotAlterColumn(name, around);
    if (cannot) return [cannot];
    if (keyUse(name, around.from) === 'parameter') {
      return [{ rebuild: `the engine needs \`${name}\`, and ClickHouse can't drop such a column` }];
    }
    const stored = isStored(from.attributes) && holdsRows(engineOfTable(around.from));
    if (stored && isMergeTree(engineOfTable(around.from)) && !keepsStored(around)) {
      return [KEEPS_NONE];
    }
    return [
      clause(`DROP COLUMN ${identifier(name)}`, order(name, around).rank, {
        ...order(name, around),
        verdict: stored ? 'destructive' : 'metadata',
        hazards: stored ? [hazard('loses data', `all values of column ${name}`)] : [],
      }),
    ];
  },
};
