/** An Enum's type goes in; its names and numbers come out, and whether it holds what a TTL leaves of another type's values. */
import { unquote } from '../sql/quote.ts';
import type { Column } from './column-text.ts';
import { isNullable, summed, type Type, typeOf, unwrap } from './type-change.ts';

export interface EnumValue {
  readonly name: string;
  readonly number: number;
}

/** `Enum8('new' = 1, 'closed' = 4)`; empty for other types. */
export function enumValues({ name, parameters }: Type): EnumValue[] {
  if (!name.startsWith('Enum')) return [];
  return parameters.flatMap((text) => {
    const [, quoted, number] = /^('.*') = (-?\d+)$/s.exec(text) ?? [];
    return quoted === undefined ? [] : [{ name: unquote(quoted), number: Number(number) }];
  });
}

const bare = (text: string): Type => typeOf(summed(unwrap(text, ['Nullable', 'LowCardinality'])));

/**
 * Why the live column can't become this Enum: where its TTL expires, ClickHouse writes an empty text or 0, also into an Enum
 * that has no such number. https://github.com/ClickHouse/ClickHouse/issues/69683
 */
export function unfitAfterTtl(name: string, to: Column, from: Column): string | undefined {
  if (from.ttl === undefined || from.value !== undefined || isNullable(from.type)) return undefined;
  const [live, desired] = [bare(from.type), bare(to.type)];
  const values = enumValues(desired);
  const isText = live.name === 'String';
  if (values.length === 0 || from.type === to.type) return undefined;
  if (values.some((value) => (isText ? value.name === '' : value.number === 0))) return undefined;
  const left = isText ? 'an empty text' : live.name === 'FixedString' ? 'zero bytes' : '0';
  return (
    `the TTL of column ${name} leaves ${left} where it expires, which ${desired.name} lacks: ` +
    `give it such a value, or remove the TTL in one apply and change the type in the next, which reads all values first`
  );
}
