/** Writes the clauses that add or alter a column, and says what they do to the rows that are there. */
import type { StateObject } from '../model/object.ts';
import { type Draft, type Hazard, type Verdict, worst } from '../model/step.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { engineOfTable } from './column-keys.ts';
import { type Column, writeColumn } from './column-text.ts';
import { clause, greedyClause, hazard, RANK } from './drafts.ts';
import type { Around, PartDraft } from './kind.ts';
import { remadeProjections } from './projection.ts';
import { holdsRows } from './table-engine.ts';
import { isNullable, typeChange } from './type-change.ts';

const isStored = (column: Column): boolean => !/^(ALIAS|EPHEMERAL)\b/.test(column.value ?? '');

const isEphemeral = (column: Column): boolean => /^EPHEMERAL\b/.test(column.value ?? '');

const nameOf = ({ id }: StateObject<Column>): string => identifier(id.path.at(-1) ?? '');

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

export function addColumn(to: StateObject<Column>, after: string | undefined): Draft[] {
  const { statistics } = to.attributes;
  const add = clause(`ADD COLUMN ${nameOf(to)} ${definition(to.attributes)} ${position(after)}`, RANK.column);
  return statistics === undefined
    ? [add]
    : [add, greedyClause(`ADD STATISTICS ${nameOf(to)} TYPE ${statistics}`, RANK.settings)];
}

interface Effect {
  readonly verdict: Verdict;
  readonly hazards: readonly Hazard[];
  readonly guard?: string;
}

const HARMLESS: Effect = { verdict: 'metadata', hazards: [] };

/** Times and decimals are cut without a word; all other values that do not fit fail the check that runs first. */
function narrowing(to: StateObject<Column>, from: StateObject<Column>): Effect {
  const [before, after] = [from.attributes.type, to.attributes.type];
  const cut = /(Decimal|Date)/.test(before) ? 'values outside its range, and fractions, are cut' : '';
  const stops = 'apply reads the column first and stops where a value does not fit';
  const where = isNullable(before) && !isNullable(after) ? ` WHERE ${nameOf(to)} IS NOT NULL` : '';
  const cast = `accurateCast(${nameOf(to)}, ${literal(after)})`;
  return {
    verdict: 'destructive',
    hazards: [
      hazard('loses data', `${after} can't hold every ${before}: ${cut || stops}`),
      hazard('rewrites data', `converts ${before} to ${after} in every part`),
    ],
    guard: `SELECT sum(ignore(${cast})) FROM ${qualified(to.id.path.slice(0, -1))}${where}`,
  };
}

/** What a new type does to the values on disk. */
function effectOfType(to: StateObject<Column>, from: StateObject<Column>): Effect {
  const [before, after] = [from.attributes.type, to.attributes.type];
  if (before === after || !isStored(to.attributes) || !isStored(from.attributes)) return HARMLESS;
  const change = typeChange(before, after);
  if (change === 'narrowing') return narrowing(to, from);
  if (change === 'metadata') return HARMLESS;
  const rewrites = hazard('rewrites data', `converts ${before} to ${after} in every part`);
  if (!isNullable(before) || isNullable(after)) return { verdict: 'mutation', hazards: [rewrites] };
  return {
    verdict: 'destructive',
    hazards: [hazard('loses data', `NULL becomes the column's ${to.attributes.value}`), rewrites],
  };
}

/** What a new default does to what the rows show. */
function effectOfValue(to: Column, from: Column): Effect {
  if (to.value === from.value || isEphemeral(from)) return HARMLESS;
  if (isStored(from) && !isStored(to)) {
    const reason = 'the stored values are no longer read, and the next merges remove them';
    return { verdict: 'destructive', hazards: [hazard('loses data', reason)] };
  }
  const rows = isStored(from) ? 'rows that are older than the column read' : 'all rows that are there read';
  const value = to.value === undefined ? 'the default of its type' : to.value;
  return { verdict: 'metadata', hazards: [hazard('changes results', `${rows} ${value}`)] };
}

/** Clauses for what the live column has and the declared one has not. */
function removals(to: Column, from: Column, name: string, effect: Effect): Draft[] {
  const remove = (words: string, rank: number, what = HARMLESS): Draft =>
    clause(`MODIFY COLUMN ${name} REMOVE ${words}`, rank, what);
  const gone = Object.keys(from.settings).filter((setting) => !(setting in to.settings));
  // A MODIFY COLUMN behind REMOVE DEFAULT would bring the default back, one behind the others does not.
  const form = isEphemeral(from) ? 'DEFAULT' : from.value?.split(' ', 1)[0];
  return [
    ...(from.comment && !to.comment ? [remove('COMMENT', RANK.column)] : []),
    ...(from.codec !== undefined && to.codec === undefined ? [remove('CODEC', RANK.column)] : []),
    ...(from.ttl !== undefined && to.ttl === undefined ? [remove('TTL', RANK.column)] : []),
    ...(form !== undefined && to.value === undefined ? [remove(form, RANK.columnRemoval, effect)] : []),
    ...(gone.length > 0
      ? [greedyClause(`MODIFY COLUMN ${name} RESET SETTING ${gone.join(', ')}`, RANK.columnRemoval)]
      : []),
  ];
}

function statisticsDrafts(to: Column, from: Column, name: string): Draft[] {
  if (to.statistics === from.statistics) return [];
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
  return (
    settings ||
    set ||
    to.type !== from.type ||
    (isEphemeral(from) && to.value === undefined)
  );
}

/** A definition on the way to the declared one, where ClickHouse does not get there in a single step. */
function detour(to: Column, from: Column): Column | undefined {
  // EPHEMERAL can't be removed, only exchanged for a default, which is removed afterwards.
  if (isEphemeral(from) && to.value === undefined) return { ...to, value: `DEFAULT ${neutral(to.type)}` };
  // What stops being stored can't change its type in the same statement.
  if (isStored(from) && !isStored(to) && to.type !== from.type) return { ...to, type: from.type };
  return undefined;
}

function redefinition(to: StateObject<Column>, from: StateObject<Column>, effects: readonly Effect[], place: string): Draft[] {
  const modify = (column: Column): string => `MODIFY COLUMN ${nameOf(to)} ${definition(column)}`;
  const between = detour(to.attributes, from.attributes);
  const effect = {
    verdict: worst(effects.map(({ verdict }) => verdict)),
    hazards: effects.flatMap(({ hazards }) => hazards),
    guard: effects.find(({ guard }) => guard !== undefined)?.guard,
  };
  if (!between) return [clause(modify(to.attributes) + place, RANK.column, effect)];
  const first = greedyClause(modify(between) + place, RANK.column, effect);
  return to.attributes.value === undefined ? [first] : [first, clause(modify(to.attributes), RANK.columnRemoval)];
}

/** All changes of one column at once; `after` is there when it moves. */
export function alterColumn(
  to: StateObject<Column>,
  from: StateObject<Column>,
  changed: ReadonlySet<string>,
  around: Around,
  after: { readonly name: string | undefined } | undefined,
): readonly PartDraft[] {
  const [desired, live] = [to.attributes, from.attributes];
  const name = nameOf(to);
  if (changed.size === 1 && changed.has('comment') && !after) {
    return [clause(`COMMENT COLUMN ${name} ${literal(desired.comment)}`, RANK.column)];
  }
  if (isStored(live) && isNullable(live.type) && !isNullable(desired.type) && desired.value === undefined) {
    if (!holdsRows(engineOfTable(around.to))) return ['replace'];
    const reason = `${live.type} to ${desired.type} needs a \`default\` that takes the place of NULL`;
    return [{ refuse: `column ${name} can't stop being Nullable without one: ${reason}` }];
  }
  if (live.value === 'EPHEMERAL' && changed.has('value')) {
    // It ignores a new expression, and fails with a syntax error of its own at another form.
    const reason = 'drop the column, apply, and add it again';
    return [{ refuse: `ClickHouse can't alter the default of ${name}, an EPHEMERAL without an expression: ${reason}` }];
  }
  const place = after ? ` ${position(after.name)}` : '';
  const keepsRows = holdsRows(engineOfTable(around.to));
  const ofType = keepsRows ? effectOfType(to, from) : HARMLESS;
  const ofValue = keepsRows ? effectOfValue(desired, live) : HARMLESS;
  const effects = desired.value === undefined ? [ofType] : [ofType, ofValue];
  return [
    ...removals(desired, live, name, ofValue),
    ...(redefines(desired, live) || after ? redefinition(to, from, effects, place) : []),
    ...statisticsDrafts(desired, live, name),
    ...(changed.has('type') ? remadeProjections(to.id.path.at(-1) ?? '', around) : []),
  ];
}
