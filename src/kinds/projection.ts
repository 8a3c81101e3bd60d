/** Projections of a table, in their SELECT and their index form. */
import type { Tree } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import { cannotAlterParts } from './alterable.ts';
import { clause, RANK } from './drafts.ts';
import type { Around, PartKind } from './kind.ts';
import { type Materialized, materializeDrafts } from './materialize.ts';
import { mentions } from './mentions.ts';
import { declareSettings, describeSettings, readSettings, settingsText } from './storage.ts';

export type Projection = Materialized &
  Readonly<{
    /** `(SELECT …)` or `INDEX … TYPE …`, with its settings. */
    definition: string;
  }>;

interface ProjectionDeclaration {
  readonly query?: string;
  readonly index?: string;
  readonly type?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly materialize?: boolean;
}

export function declareProjection(value: string | ProjectionDeclaration): Projection {
  const projection = typeof value === 'string' ? { query: value } : value;
  const body =
    projection.query === undefined
      ? `INDEX ${projection.index} TYPE ${projection.type}`
      : `(${projection.query.trim()})`;
  const settings = settingsText(declareSettings(projection.settings));
  const materialize = projection.materialize ? 'MATERIALIZE' : undefined;
  return { definition: settings ? `${body} WITH SETTINGS (${settings})` : body, materialize };
}

/** What {@link declareProjection} reads: the query alone where there is nothing else to say. */
export function describeProjection({ definition, materialize }: Projection): string | ProjectionDeclaration {
  const cursor = new Cursor(definition);
  const isIndex = cursor.takes('INDEX');
  const body = isIndex
    ? { index: cursor.expression(() => cursor.sees('TYPE')), type: describeType(cursor) }
    : { query: cursor.parenthesized() };
  const asked = materialize ? { materialize: true } : {};
  if (cursor.ended && body.query !== undefined && !materialize) return body.query;
  if (cursor.ended) return { ...body, ...asked };
  cursor.expect('WITH SETTINGS');
  const settings = describeSettings(readSettings(new Cursor(cursor.parenthesized())));
  return { ...body, ...(settings && { settings }), ...asked };
}

function describeType(cursor: Cursor): string {
  cursor.expect('TYPE');
  return cursor.expression(() => cursor.sees('WITH SETTINGS'));
}

export function readProjection(cursor: Cursor): Projection {
  return { definition: cursor.expression(), materialize: undefined };
}

export function writeProjection(projection: Projection): string {
  return projection.definition;
}

const add = (name: string, to: Projection): Draft[] => [
  clause(`ADD PROJECTION ${identifier(name)} ${writeProjection(to)}`, RANK.addDependent),
  ...materializeDrafts('PROJECTION', name, to),
];

const drop = (name: string): Draft => clause(`DROP PROJECTION ${identifier(name)}`, RANK.dropDependent);

/** Whether a column's type is part of what the projection stores by: its sorting key, or anything of an aggregation. */
function standsOn(projection: Projection, column: string): boolean {
  const tokens = tokenize(projection.definition);
  const clauseAt = (word: string): number =>
    tokens.findIndex(({ text }, at) => text === word && tokens[at + 1]?.text === 'BY');
  if (clauseAt('GROUP') >= 0) return mentions(projection.definition, column);
  const order = tokens[clauseAt('ORDER')];
  return order !== undefined && mentions(projection.definition.slice(order.start), column);
}

/** ClickHouse refuses a new type for a column that a projection stands on, so that one is dropped and added around it. */
export function remadeProjections(column: string, { from, to }: Around): Draft[] {
  const ofKind = (tree: Tree): Map<string, Projection> =>
    new Map(
      tree.parts
        .filter(({ id }) => id.kind === 'projection')
        .map(({ id, attributes }) => [id.path.at(-1) ?? '', attributes as Projection]),
    );
  const kept = ofKind(to);
  return [...ofKind(from)].flatMap(([name, live]) => {
    const desired = kept.get(name);
    return desired && standsOn(live, column) ? [drop(name), ...add(name, desired)] : [];
  });
}

export const projection: PartKind<Projection> = {
  name: 'projection',
  inside: 'table',
  attributes: { definition: 'alter', materialize: 'ignore' },
  create(to, around) {
    const cannot = cannotAlterParts('projections', around);
    return cannot ? [cannot] : add(to.id.path.at(-1) ?? '', to.attributes);
  },
  alter: (to, from, _changed, around) => [...projection.drop(from, around), ...projection.create(to, around)],
  drop: (from, around) => [cannotAlterParts('projections', around) ?? drop(from.id.path.at(-1) ?? '')],
};
