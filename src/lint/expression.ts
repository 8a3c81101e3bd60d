/** A key's expression goes in; the function and the columns that it is made of come out. */
import { mentions } from '../kinds/mentions.ts';
import { keyParts } from '../kinds/table-engine.ts';
import { Cursor } from '../sql/cursor.ts';
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import type { LintColumn } from './column.ts';
import type { Table } from './subject.ts';

export interface Call {
  readonly name: string;
  readonly arguments: readonly string[];
}

/** `toYYYYMM(t)`; undefined for anything but one call. */
export function callOf(text: string): Call | undefined {
  const cursor = new Cursor(text);
  if (cursor.peek()?.kind !== 'word' || cursor.peek(1)?.text !== '(') return undefined;
  const name = cursor.name();
  const inner = cursor.parenthesized();
  return cursor.ended ? { name, arguments: keyParts(`(${inner})`) } : undefined;
}

/** The column that the text names and nothing else, also with a direction behind it. */
export function columnOf(text: string, { columns }: Table): LintColumn | undefined {
  const [first, ...more] = tokenize(text);
  if (!first || more.some(({ text }) => !/^(ASC|DESC)$/i.test(text))) return undefined;
  const name = first.kind === 'quoted' ? unquote(first.text) : first.text;
  return columns.find((column) => column.name === name);
}

/** Every text is taken apart once, whatever the number of columns; only names with dots are more than a word. */
export function columnsIn(texts: readonly string[], { columns }: Table): LintColumn[] {
  if (texts.length === 0) return [];
  const words = new Set(
    texts.flatMap((text) =>
      tokenize(text).map((token) => (token.kind === 'quoted' ? unquote(token.text) : token.text)),
    ),
  );
  return columns.filter(
    ({ name }) => words.has(name) || (name.includes('.') && texts.some((text) => mentions(text, name))),
  );
}

const DAYS: Readonly<Record<string, number>> = {
  SECOND: 1 / 86_400,
  MINUTE: 1 / 1440,
  HOUR: 1 / 24,
  DAY: 1,
  WEEK: 7,
  MONTH: 30,
  QUARTER: 91,
  YEAR: 365,
};

/** Days of the first interval in the text: `INTERVAL 90 DAY`, `toIntervalMonth(3)`, `INTERVAL '1' YEAR`. */
export function intervalDays(text: string): number | undefined {
  const written = /\bINTERVAL\s+'?(\d+)'?\s*'?(\w+?)S?'?(?!\w)/i.exec(text);
  const called = /\btoInterval(\w+)\((\d+)\)/i.exec(text);
  const [count, unit] = written ? [written[1], written[2]] : [called?.[2], called?.[1]];
  const days = DAYS[unit?.toUpperCase() ?? ''];
  return days === undefined ? undefined : days * Number(count);
}
