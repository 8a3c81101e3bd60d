/** Data-skipping indexes of a table: a change drops and adds the index in one ALTER, so the table is never without. */
import type { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { cannotAlterParts } from './alterable.ts';
import { clause, RANK } from './drafts.ts';
import type { PartKind } from './kind.ts';
import { said } from './said.ts';

export type SkippingIndex = Readonly<{
  expression: string;
  type: string;
  granularity: string | undefined;
}>;

interface IndexDeclaration {
  readonly expression: string;
  readonly type: string;
  readonly granularity?: number;
}

export function declareIndex(value: IndexDeclaration): SkippingIndex {
  const granularity = value.granularity === undefined ? undefined : String(value.granularity);
  return { expression: value.expression, type: value.type, granularity };
}

export function describeIndex({ expression, type, granularity }: SkippingIndex): Partial<IndexDeclaration> {
  return said({ expression, type, granularity: granularity === undefined ? undefined : Number(granularity) });
}

/** Takes `expression TYPE type [GRANULARITY n]`, the name already taken. */
export function readIndex(cursor: Cursor): SkippingIndex {
  const expression = cursor.expression(() => cursor.sees('TYPE'));
  cursor.expect('TYPE');
  const type = cursor.expression(() => cursor.sees('GRANULARITY'));
  const granularity = cursor.takes('GRANULARITY') ? cursor.expression() : undefined;
  return { expression, type, granularity };
}

export function writeIndex(index: SkippingIndex): string {
  const granularity = index.granularity === undefined ? '' : ` GRANULARITY ${index.granularity}`;
  return `${index.expression} TYPE ${index.type}${granularity}`;
}

export const skippingIndex: PartKind<SkippingIndex> = {
  name: 'index',
  inside: 'table',
  attributes: { expression: 'alter', type: 'alter', granularity: 'alter' },
  create(to, around) {
    const cannot = cannotAlterParts('indexes', around);
    const name = identifier(to.id.path.at(-1) ?? '');
    return [cannot ?? clause(`ADD INDEX ${name} ${writeIndex(to.attributes)}`, RANK.addDependent)];
  },
  alter: (to, from, _changed, around) => [
    ...skippingIndex.drop(from, around),
    ...skippingIndex.create(to, around),
  ],
  drop(from, around) {
    const cannot = cannotAlterParts('indexes', around);
    return [cannot ?? clause(`DROP INDEX ${identifier(from.id.path.at(-1) ?? '')}`, RANK.dropDependent)];
  },
};
