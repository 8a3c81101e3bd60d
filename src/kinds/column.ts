/** Columns of a table: declared in a short or a long form, read from the CREATE text, changed by clauses of its ALTER. */
import type { StateObject } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import type { Cursor } from '../sql/cursor.ts';
import { identifier, literal, unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import { clause, greedyClause, hazard, RANK } from './drafts.ts';
import type { Action, Around, PartKind } from './kind.ts';
import { declareSettings, listText, settingsText } from './storage.ts';
import { altersColumns, engineOf, isMergeTree } from './table-engine.ts';

export const DEFAULT_FORMS = ['DEFAULT', 'MATERIALIZED', 'ALIAS', 'EPHEMERAL'] as const;

export type Column = Readonly<{
  /** Empty where it follows from the default expression. */
  type: string;
  /** `DEFAULT 1`, `ALIAS a + b`, `EPHEMERAL` … with the word in front. */
  value: string | undefined;
  comment: string;
  codec: string | undefined;
  statistics: string | undefined;
  ttl: string | undefined;
  settings: Readonly<Record<string, string>>;
}>;

/** The long form of a column in a declaration. */
interface ColumnDeclaration {
  readonly type?: string;
  readonly default?: string;
  readonly materialized?: string;
  readonly alias?: string;
  readonly ephemeral?: string;
  readonly comment?: string;
  readonly codec?: string;
  readonly statistics?: string | readonly string[];
  readonly ttl?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

function valueText(column: ColumnDeclaration): string | undefined {
  for (const form of DEFAULT_FORMS) {
    const expression = column[form.toLowerCase() as 'default' | 'materialized' | 'alias' | 'ephemeral'];
    if (expression !== undefined) return `${form} ${expression}`.trim();
  }
  return undefined;
}

export function declareColumn(value: string | ColumnDeclaration): Column {
  const column = typeof value === 'string' ? { type: value } : value;
  return {
    type: column.type ?? '',
    value: valueText(column),
    comment: column.comment ?? '',
    codec: column.codec,
    statistics: listText(column.statistics),
    ttl: column.ttl,
    settings: declareSettings(column.settings),
  };
}

function clauseBegins(cursor: Cursor): boolean {
  if (DEFAULT_FORMS.some((form) => cursor.sees(form)) || cursor.sees('TTL')) return true;
  if (cursor.sees('COMMENT')) return cursor.peek(1)?.kind === 'string';
  return ['CODEC (', 'STATISTICS (', 'SETTINGS ('].some((words) => cursor.sees(words));
}

function readValue(cursor: Cursor): string | undefined {
  for (const form of DEFAULT_FORMS) {
    if (!cursor.takes(form)) continue;
    const bare = cursor.ended || cursor.sees(',') || cursor.sees(')') || clauseBegins(cursor);
    return bare ? form : `${form} ${cursor.expression(() => clauseBegins(cursor))}`;
  }
  return undefined;
}

function readSettingsGroup(text: string): Record<string, string> {
  const pairs = text.split(/,\s*(?=\w+ = )/).map((pair) => pair.split(' = ', 2) as [string, string]);
  return Object.fromEntries(pairs);
}

/** Takes one column of a canonical CREATE text, its name already taken. */
export function readColumn(cursor: Cursor): Column {
  const type = cursor.expression(() => clauseBegins(cursor));
  const value = readValue(cursor);
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  const codec = cursor.takes('CODEC') ? cursor.parenthesized() : undefined;
  const statistics = cursor.takes('STATISTICS') ? cursor.parenthesized() : undefined;
  const ttl = cursor.takes('TTL') ? cursor.expression(() => cursor.sees('SETTINGS (')) : undefined;
  const settings = cursor.takes('SETTINGS') ? readSettingsGroup(cursor.parenthesized()) : {};
  return { type, value, comment, codec, statistics, ttl, settings };
}

/** The column's definition as CREATE and ALTER take it, without its name. */
export function writeColumn(column: Column): string {
  const settings = settingsText(column.settings);
  return [
    column.type,
    column.value,
    column.comment ? `COMMENT ${literal(column.comment)}` : undefined,
    column.codec && `CODEC(${column.codec})`,
    column.statistics && `STATISTICS(${column.statistics})`,
    column.ttl && `TTL ${column.ttl}`,
    settings && `SETTINGS (${settings})`,
  ]
    .filter(Boolean)
    .join(' ');
}

function engine(around: Around): string {
  return String(around.to.root.attributes.engine);
}

/** Whether a key of the table, or a parameter of its engine such as the version, is made of this column. */
function isKeyColumn(name: string, around: Around): boolean {
  const { partitionBy, primaryKey, orderBy, sampleBy } = around.from.root.attributes;
  const texts = [partitionBy, primaryKey, orderBy, sampleBy, engineOf(engine(around)).parameters];
  return texts.some(
    (text) =>
      typeof text === 'string' &&
      tokenize(text).some((token) => (token.kind === 'quoted' ? unquote(token.text) : token.text) === name),
  );
}

const isEnum = (type: string): boolean => /^Enum(8|16)\(/.test(type);

function unalterable(name: string, around: Around): string | undefined {
  if (altersColumns(engine(around))) return undefined;
  return `the engine ${engineOf(engine(around)).name} can't alter column \`${name}\`: create a new table and copy the rows`;
}

function changeType(name: string, from: string, to: string, around: Around): Action {
  if (isKeyColumn(name, around) && !(isEnum(from) && isEnum(to))) {
    return { refuse: `\`${name}\` is part of a key, and ClickHouse can't change the type of a key column (${from} to ${to})` };
  }
  return 'alter';
}

function add(to: StateObject<Column>, after: string | undefined): string {
  const name = to.id.path.at(-1) ?? '';
  const position = after === undefined ? 'FIRST' : `AFTER ${identifier(after)}`;
  return `ADD COLUMN ${identifier(name)} ${writeColumn(to.attributes)} ${position}`;
}

/** `REMOVE …` clauses for what the live column has and the declared one has not. */
function removals(to: Column, from: Column): string[] {
  const words: string[] = [];
  if (from.value !== undefined && to.value === undefined) words.push(`REMOVE ${from.value.split(' ', 1)[0]}`);
  if (from.comment && !to.comment) words.push('REMOVE COMMENT');
  if (from.codec !== undefined && to.codec === undefined) words.push('REMOVE CODEC');
  if (from.ttl !== undefined && to.ttl === undefined) words.push('REMOVE TTL');
  const gone = Object.keys(from.settings).filter((setting) => !(setting in to.settings));
  if (gone.length > 0) words.push(`RESET SETTING ${gone.join(', ')}`);
  return words;
}

const isStored = (column: Column): boolean => !/^(ALIAS|EPHEMERAL)\b/.test(column.value ?? '');

function alterDrafts(
  to: StateObject<Column>,
  from: StateObject<Column>,
  changed: ReadonlySet<string>,
  after: { readonly name: string | undefined } | undefined,
): Draft[] {
  const name = identifier(to.id.path.at(-1) ?? '');
  const drafts: Draft[] = [];
  const onlyComment = changed.size === 1 && changed.has('comment') && !after;
  if (onlyComment) {
    return [clause(`COMMENT COLUMN ${name} ${literal(to.attributes.comment)}`, RANK.column)];
  }
  for (const words of removals(to.attributes, from.attributes)) {
    drafts.push(clause(`MODIFY COLUMN ${name} ${words}`, RANK.column));
  }
  if (from.attributes.statistics !== undefined && to.attributes.statistics === undefined) {
    drafts.push(greedyClause(`DROP STATISTICS ${name}`, RANK.settings));
  }
  const position = after ? (after.name === undefined ? ' FIRST' : ` AFTER ${identifier(after.name)}`) : '';
  const rewrites = changed.has('type') && isStored(from.attributes) && isStored(to.attributes);
  drafts.push(
    clause(
      `MODIFY COLUMN ${name} ${writeColumn(to.attributes)}${position}`,
      RANK.column,
      rewrites ? 'mutation' : 'metadata',
      rewrites ? [hazard('rewrites data', `converts ${from.attributes.type} to ${to.attributes.type} in every part`)] : [],
    ),
  );
  return drafts;
}

export const column: PartKind<Column> = {
  name: 'column',
  inside: 'table',
  ordered: true,
  attributes: {
    type: {
      change: (from, to, around, id) => changeType(id.path.at(-1) ?? '', from, to, around),
    },
    value: 'alter',
    comment: 'alter',
    codec: 'alter',
    statistics: 'alter',
    ttl: 'alter',
    settings: 'alter',
  },
  create(to, around, after) {
    const name = to.id.path.at(-1) ?? '';
    const refuse = unalterable(name, around);
    return refuse ? [{ refuse }] : [clause(add(to, after), RANK.column)];
  },
  alter(to, from, changed, around, after) {
    const name = to.id.path.at(-1) ?? '';
    const onlyComment = changed.size === 1 && changed.has('comment') && !after;
    const refuse = onlyComment ? undefined : unalterable(name, around);
    return refuse ? [{ refuse }] : alterDrafts(to, from, changed, after);
  },
  drop(from, around) {
    const name = from.id.path.at(-1) ?? '';
    if (isKeyColumn(name, around)) {
      return [{ refuse: `\`${name}\` is part of a key, and ClickHouse can't drop a key column` }];
    }
    const refuse = unalterable(name, around);
    if (refuse) return [{ refuse }];
    const stored = isStored(from.attributes) && (isMergeTree(engine(around)) || engineOf(engine(around)).name === 'Memory');
    return [
      clause(
        `DROP COLUMN ${identifier(name)}`,
        RANK.dropColumn,
        stored ? 'destructive' : 'metadata',
        stored ? [hazard('loses data', `all values of column ${name}`)] : [],
      ),
    ];
  },
};
