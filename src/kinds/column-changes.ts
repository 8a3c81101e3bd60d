/** Writes the clauses that add or alter a column. */
import { keyOf, type StateObject, showId } from '../model/object.ts';
import { type Draft, worst } from '../model/step.ts';
import { identifier, literal } from '../sql/quote.ts';
import { cannotAlterParts } from './alterable.ts';
import {
  type Effect,
  effectOfTtl,
  effectOfType,
  effectOfValue,
  HARMLESS,
  isEphemeral,
  isStored,
  plainName,
} from './column-effects.ts';
import { columnsOf, engineOfTable, KEEPS_NONE, keepsStored } from './column-keys.ts';
import { type Column, writeColumn } from './column-text.ts';
import { clause, greedyClause, RANK } from './drafts.ts';
import { unfitAfterTtl } from './enum-values.ts';
import type { Around, PartDraft } from './kind.ts';
import { speaksOf } from './mentions.ts';
import { remadeProjections } from './projection.ts';
import { settingsText } from './storage.ts';
import { holdsRows, isMergeTree } from './table-engine.ts';
import { isNullable } from './type-change.ts';

const nameOf = (column: StateObject<Column>): string => identifier(plainName(column));

/** Any text that gives a type's own default. */
const neutral = (type: string): string => `defaultValueOfTypeName(${literal(type)})`;

/**
 * The definition as ALTER takes it. ClickHouse reads STATISTICS behind ADD and MODIFY COLUMN and forgets them: they have
 * clauses of their own. Of a bare EPHEMERAL it can write a definition that it does not read again.
 */
function definition(column: Column): string {
  const value = column.value === 'EPHEMERAL' ? `EPHEMERAL ${neutral(column.type)}` : column.value;
  return writeColumn({ ...column, value, statistics: undefined });
}

const position = (after: string | undefined): string =>
  after === undefined ? 'FIRST' : `AFTER ${identifier(after)}`;

/**
 * ClickHouse reads SETTINGS behind ADD COLUMN and forgets them. `apart` is for a column that takes the name of one that goes:
 * what follows looks for it in vain in the same statement.
 */
export function addColumn(to: StateObject<Column>, after: string | undefined, apart = false): PartDraft[] {
  const { statistics, settings } = to.attributes;
  const name = nameOf(to);
  const cannot = unstoredStatistics(name, to.attributes);
  if (cannot) return [cannot];
  const text = definition({ ...to.attributes, settings: {} });
  const set = settingsText(settings);
  return [
    clause(`ADD COLUMN ${name} ${text} ${position(after)}`, RANK.column),
    ...(set
      ? [greedyClause(`MODIFY COLUMN ${name} MODIFY SETTING ${set}`, RANK.columnRemoval, { apart })]
      : []),
    ...(statistics === undefined
      ? []
      : [greedyClause(`ADD STATISTICS ${name} TYPE ${statistics}`, RANK.settings, { apart })]),
  ];
}

/** CREATE takes them, ALTER does not. */
function unstoredStatistics(name: string, to: Column): PartDraft | undefined {
  if (to.statistics === undefined || isStored(to)) return undefined;
  const form = isEphemeral(to) ? 'EPHEMERAL' : 'an ALIAS';
  return { refuse: `ClickHouse can't give ${name} statistics, since it is ${form} and holds nothing` };
}

/** Clauses for what the live column has and the declared one has not. */
function removals(to: Column, from: Column, name: string, effect: Effect, detours: boolean): Draft[] {
  const remove = (words: string, rank: number, options = {}): Draft =>
    clause(`MODIFY COLUMN ${name} REMOVE ${words}`, rank, options);
  const gone = Object.keys(from.settings).filter((setting) => !(setting in to.settings));
  // A MODIFY COLUMN behind REMOVE DEFAULT would bring the default back, one behind the others does not.
  const form = detours ? 'DEFAULT' : from.value?.split(' ', 1)[0];
  return [
    ...(from.comment && !to.comment ? [remove('COMMENT', RANK.column)] : []),
    ...(from.codec !== undefined && to.codec === undefined ? [remove('CODEC', RANK.column)] : []),
    ...(from.ttl !== undefined && to.ttl === undefined ? [remove('TTL', RANK.column)] : []),
    ...(form !== undefined && to.value === undefined
      ? [remove(form, RANK.columnRemoval, { ...effect, apart: detours })]
      : []),
    ...(gone.length > 0
      ? [greedyClause(`MODIFY COLUMN ${name} RESET SETTING ${gone.join(', ')}`, RANK.columnRemoval)]
      : []),
  ];
}

function statisticsDrafts(to: Column, from: Column, name: string, around: Around): PartDraft[] {
  if (to.statistics === from.statistics) return [];
  const cannot = cannotAlterParts('statistics', around) ?? unstoredStatistics(name, to);
  if (cannot) return [cannot];
  const retyped = to.type !== from.type;
  const drop = greedyClause(`DROP STATISTICS ${name}`, retyped ? RANK.dropDependent : RANK.settings);
  if (to.statistics === undefined) return [drop];
  const set = (word: string) =>
    greedyClause(`${word} STATISTICS ${name} TYPE ${to.statistics}`, RANK.settings);
  if (from.statistics === undefined) return [set('ADD')];
  // Statistics that the new type does not have would stop the change of the type.
  return retyped ? [drop, set('ADD')] : [set('MODIFY')];
}

/** Whether MODIFY COLUMN has something to say beside what is removed. */
function redefines(to: Column, from: Column): boolean {
  const settings = Object.entries(to.settings).some(([name, value]) => from.settings[name] !== value);
  const set = (['value', 'comment', 'codec', 'ttl'] as const).some((key) => to[key] && to[key] !== from[key]);
  return settings || set || to.type !== from.type || (isEphemeral(from) && to.value === undefined);
}

/** A definition on the way to the declared one, where ClickHouse does not get there in a single step. */
function detour(to: Column, from: Column): Column | undefined {
  // EPHEMERAL can't be removed, only exchanged for a default, which is removed afterwards; an ALIAS keeps codecs and types out.
  if (!isStored(from) && to.value === undefined) return { ...to, value: `DEFAULT ${neutral(to.type)}` };
  // What stops being stored can't change its type in the same statement, and its expression may not fit the old type.
  if (isStored(from) && !isStored(to) && to.type !== from.type) {
    return { ...to, type: from.type, value: `${to.value?.split(' ', 1)[0]} ${neutral(from.type)}` };
  }
  return undefined;
}

/** While a column is an ALIAS, ClickHouse takes no codec for it, not even with what makes it another. */
function lateCodec(to: StateObject<Column>, from: Column): Draft[] {
  const { codec } = to.attributes;
  const isLate = from.value?.startsWith('ALIAS ') && codec !== undefined;
  const text = `MODIFY COLUMN ${nameOf(to)} CODEC(${codec})`;
  return isLate ? [clause(text, RANK.columnRemoval - 0.5, { apart: true })] : [];
}

function redefinition(
  declared: StateObject<Column>,
  from: StateObject<Column>,
  effects: readonly Effect[],
  place: string,
): Draft[] {
  const late = lateCodec(declared, from.attributes);
  const to =
    late.length > 0 ? { ...declared, attributes: { ...declared.attributes, codec: undefined } } : declared;
  const modify = (column: Column): string => `MODIFY COLUMN ${nameOf(to)} ${definition(column)}`;
  const between = detour(to.attributes, from.attributes);
  const effect = {
    verdict: worst(effects.map(({ verdict }) => verdict)),
    hazards: effects.flatMap(({ hazards }) => hazards),
    guard: effects.find(({ guard }) => guard !== undefined)?.guard,
  };
  if (!between) return [clause(modify(to.attributes) + place, RANK.column, effect), ...late];
  const first = clause(modify(between) + place, RANK.column, effect);
  if (to.attributes.value === undefined) return [first, ...late];
  return [first, clause(modify(to.attributes), RANK.columnRemoval, { apart: true }), ...late];
}

/**
 * Where a column with values becomes EPHEMERAL, every later mutation looks for it in vain and never ends, so it is dropped
 * and added again; ClickHouse refuses that while something else is made of it.
 */
function remadeColumn(to: StateObject<Column>, from: StateObject<Column>, around: Around): PartDraft[] {
  const name = plainName(from);
  const { root, parts } = around.from;
  const user = [root, ...parts].find(
    (object) => keyOf(object.id) !== keyOf(from.id) && speaksOf(object, name),
  );
  if (user) {
    const reason = `${showId(user.id)} is made of it: drop that first, and apply`;
    return [{ refuse: `ClickHouse can't make \`${name}\` anew, as EPHEMERAL, while ${reason}` }];
  }
  if (!keepsStored(around)) return [KEEPS_NONE];
  const columns = [...columnsOf(around.to).keys()];
  const effect = effectOfValue(to, from);
  return [
    clause(`DROP COLUMN ${nameOf(from)}`, RANK.column - 0.5, effect),
    ...addColumn(to, columns[columns.indexOf(name) - 1]),
  ];
}

/** What no ALTER makes of the column. */
function createdAnew(
  to: StateObject<Column>,
  { attributes: live }: StateObject<Column>,
  changed: ReadonlySet<string>,
  around: Around,
): PartDraft | undefined {
  const [{ attributes: desired }, name] = [to, nameOf(to)];
  if (isStored(live) && isNullable(live.type) && !isNullable(desired.type) && desired.value === undefined) {
    if (!holdsRows(engineOfTable(around.to))) return 'replace';
    const types = `${live.type} to ${desired.type}`;
    return {
      rebuild: `column ${name} has no \`default\` that takes the place of NULL (${types}), so no row may have it`,
    };
  }
  // It ignores a new expression, and fails with a syntax error of its own at another form.
  if (live.value === 'EPHEMERAL' && changed.has('value'))
    return { rebuild: `ClickHouse can't alter the default of ${name}, an EPHEMERAL without an expression` };
  return undefined;
}

function alterations(
  to: StateObject<Column>,
  from: StateObject<Column>,
  changed: ReadonlySet<string>,
  around: Around,
  after: { readonly name: string | undefined } | undefined,
): readonly PartDraft[] {
  const [desired, live] = [to.attributes, from.attributes];
  const name = nameOf(to);
  if (changed.size === 1 && changed.has('comment') && !after) {
    return [clause(`COMMENT COLUMN ${name} ${literal(desired.comment)}`, RANK.column, { local: true })];
  }
  const anew = createdAnew(to, from, changed, around);
  if (anew) return [anew];
  // A new TTL of what holds nothing starts a mutation that looks for the column in vain, too.
  const isTimed = desired.ttl !== undefined && desired.ttl !== live.ttl;
  if (isEphemeral(desired) && (isStored(live) || isTimed) && isMergeTree(engineOfTable(around.to))) {
    return remadeColumn(to, from, around);
  }
  const place = after ? ` ${position(after.name)}` : '';
  const keepsRows = holdsRows(engineOfTable(around.to));
  const ofType = keepsRows ? effectOfType(to, from) : HARMLESS;
  const ofValue = keepsRows ? effectOfValue(to, from) : HARMLESS;
  const ofTtl = keepsRows ? effectOfTtl(to, from) : HARMLESS;
  const remakes = redefines(desired, live) || after !== undefined;
  const effects = desired.value === undefined ? [ofType, ofTtl] : [ofType, ofValue, ofTtl];
  return [
    ...removals(desired, live, name, ofValue, remakes && !isStored(live)),
    ...(remakes ? redefinition(to, from, effects, place) : []),
    ...statisticsDrafts(desired, live, name, around),
    ...(changed.has('type') ? remadeProjections(plainName(to), around) : []),
  ];
}

/** All changes of one column at once; `after` is there when it moves. */
export function alterColumn(
  to: StateObject<Column>,
  from: StateObject<Column>,
  changed: ReadonlySet<string>,
  around: Around,
  after: { readonly name: string | undefined } | undefined,
): readonly PartDraft[] {
  const isKept = [from, to].every(({ attributes }) => isStored(attributes));
  const unfit = isKept ? unfitAfterTtl(nameOf(to), to.attributes, from.attributes) : undefined;
  return unfit === undefined ? alterations(to, from, changed, around, after) : [{ refuse: unfit }];
}
