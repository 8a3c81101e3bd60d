/** What a column says of itself: declared in a short or a long form, read from and written to the CREATE text. */
import { Cursor } from '../sql/cursor.ts';
import { literal } from '../sql/quote.ts';
import type { Materialized } from './materialize.ts';
import { said } from './said.ts';
import { declareSettings, describeSettings, listText, readSettings, settingsText } from './storage.ts';

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
}> &
  Materialized;

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
  readonly materialize?: boolean;
  readonly renamed_from?: string;
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
    materialize: column.materialize ? 'MATERIALIZE' : undefined,
  };
}

/** The expression behind the word of a form; empty for a bare EPHEMERAL. */
function describeValue(value: string | undefined): ColumnDeclaration {
  const form = DEFAULT_FORMS.find((word) => value === word || value?.startsWith(`${word} `));
  return form === undefined ? {} : { [form.toLowerCase()]: value?.slice(form.length + 1) ?? '' };
}

/** What {@link declareColumn} reads: the type alone where there is nothing else to say. */
export function describeColumn(column: Column): string | ColumnDeclaration {
  const { type, value, codec, ttl, comment, statistics, settings, materialize } = column;
  const details = said({
    ...describeValue(value),
    codec,
    ttl,
    comment: comment || undefined,
    statistics,
    settings: describeSettings(settings),
    materialize: materialize ? true : undefined,
  });
  return Object.keys(details).length === 0 ? type : { ...(type !== '' && { type }), ...details };
}

const commentBegins = (cursor: Cursor): boolean =>
  cursor.sees('COMMENT') && cursor.peek(1)?.kind === 'string';

function clauseBegins(cursor: Cursor): boolean {
  if (DEFAULT_FORMS.some((form) => cursor.sees(form)) || cursor.sees('TTL')) return true;
  return (
    commentBegins(cursor) || ['CODEC (', 'STATISTICS (', 'SETTINGS ('].some((words) => cursor.sees(words))
  );
}

/** Only EPHEMERAL may stand alone, or before a comment: any other word behind a form begins its expression. */
function readValue(cursor: Cursor): string | undefined {
  for (const form of DEFAULT_FORMS) {
    if (!cursor.takes(form)) continue;
    const isBare = cursor.ended || cursor.sees(',') || commentBegins(cursor);
    return form === 'EPHEMERAL' && isBare ? form : `${form} ${cursor.expression(() => clauseBegins(cursor))}`;
  }
  return undefined;
}

/** Takes one column of a canonical CREATE text, its name already taken. */
export function readColumn(cursor: Cursor): Column {
  const type = cursor.expression(() => clauseBegins(cursor));
  const value = readValue(cursor);
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  const codec = cursor.takes('CODEC') ? cursor.parenthesized() : undefined;
  const statistics = cursor.takes('STATISTICS') ? cursor.parenthesized() : undefined;
  const ttl = cursor.takes('TTL') ? cursor.expression(() => cursor.sees('SETTINGS (')) : undefined;
  const settings = cursor.takes('SETTINGS') ? readSettings(new Cursor(cursor.parenthesized())) : {};
  return { type, value, comment, codec, statistics, ttl, settings, materialize: undefined };
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
