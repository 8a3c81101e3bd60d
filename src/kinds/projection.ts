/** Projections of a table, in their SELECT and their index form. */
import type { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { clause, RANK } from './drafts.ts';
import type { PartKind } from './kind.ts';
import { declareSettings, settingsText } from './storage.ts';

export type Projection = Readonly<{
  /** `(SELECT …)` or `INDEX … TYPE …`, with its settings. */
  definition: string;
}>;

interface ProjectionDeclaration {
  readonly query?: string;
  readonly index?: string;
  readonly type?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export function declareProjection(value: string | ProjectionDeclaration): Projection {
  const projection = typeof value === 'string' ? { query: value } : value;
  const body = projection.query === undefined ? `INDEX ${projection.index} TYPE ${projection.type}` : `(${projection.query})`;
  const settings = settingsText(declareSettings(projection.settings));
  return { definition: settings ? `${body} WITH SETTINGS (${settings})` : body };
}

export function readProjection(cursor: Cursor): Projection {
  return { definition: cursor.expression() };
}

export function writeProjection(projection: Projection): string {
  return projection.definition;
}

export const projection: PartKind<Projection> = {
  name: 'projection',
  inside: 'table',
  attributes: { definition: 'alter' },
  create: (to) => [
    clause(`ADD PROJECTION ${identifier(to.id.path.at(-1) ?? '')} ${writeProjection(to.attributes)}`, RANK.addDependent),
  ],
  alter: (to, from, _changed, around) => [...projection.drop(from, around), ...projection.create(to, around)],
  drop: (from) => [clause(`DROP PROJECTION ${identifier(from.id.path.at(-1) ?? '')}`, RANK.dropDependent)],
};
