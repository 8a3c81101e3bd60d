/** Data-skipping indexes of a table: a change drops and adds the index in one ALTER, so the table is never without. */
import type { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { cannotAlterParts } from './alterable.ts';
import { clause, RANK } from './drafts.ts';
import type { PartKind } from './kind.ts';
import { type Materialized, materializeDrafts } from './materialize.ts';
import { said } from './said.ts';

export type SkippingIndex = Materialized &
  Readonly<{
    expression: string;
    type: string;
    granularity: string | undefined;
  }>;

interface IndexDeclaration {
  readonly expression: string;
  readonly type: string;
  readonly granularity?: number;
  readonly materialize?: boolean;
}

export function declareIndex(value: IndexDeclaration): SkippingIndex {
  const granularity = value.granularity === undefined ? undefined : String(value.granularity);
  const materialize = value.materialize ? 'MATERIALIZE' : undefined;
  return { expression: value.expression, type: value.type, granularity, materialize };
}

export function describeIndex(index: SkippingIndex): Partial<IndexDeclaration> {
  const { expression, type, granularity } = index;
  return said({
    expression,
    type,
    granularity: granularity === undefined ? undefined : Number(granularity),
    materialize: index.materialize ? true : undefined,
  });
}

/** Takes `expression TYPE type [GRANULARITY n]`, the name already taken. */
export function readIndex(cursor: Cursor): SkippingIndex {
  const expression = cursor.expression(() => cursor.sees('TYPE'));
  cursor.expect('TYPE');
  const type = cursor.expression(() => cursor.sees('GRANULARITY'));
  const granularity = cursor.takes('GRANULARITY') ? cursor.expression() : undefined;
  return { expression, type, granularity, materialize: undefined };
}

export function writeIndex(index: SkippingIndex): string {
  const granularity = index.granularity === undefined ? '' : ` GRANULARITY ${index.granularity}`;
  return `${index.expression} TYPE ${index.type}${granularity}`;
}

export const skippingIndex: PartKind<SkippingIndex> = {
  name: 'index',
  inside: 'table',
  attributes: { expression: 'alter', type: 'alter', granularity: 'alter', materialize: 'ignore' },
  create(to, around) {
    const cannot = cannotAlterParts('indexes', around);
    const name = to.id.path.at(-1) ?? '';
    if (cannot) return [cannot];
    return [
      clause(`ADD INDEX ${identifier(name)} ${writeIndex(to.attributes)}`, RANK.addDependent),
      ...materializeDrafts('INDEX', name, to.attributes),
    ];
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
