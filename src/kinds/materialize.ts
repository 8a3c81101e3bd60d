/** A declared index, projection or column goes in; the clause that makes it for the rows that are there comes out. */
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import { identifier } from '../sql/quote.ts';
import { clause, hazard, RANK } from './drafts.ts';
import { mentions } from './mentions.ts';

export type Materialized = Readonly<{
  /** Asks for the rows that are there when it is added; the server keeps no memory of it. */
  materialize: string | undefined;
}>;

/** Without it, only parts that are written from then on have the index or the projection. */
export function materializeDrafts(
  word: 'INDEX' | 'PROJECTION',
  name: string,
  { materialize }: Materialized,
): Draft[] {
  if (materialize === undefined) return [];
  const reason = `${word.toLowerCase()} ${name} is built for the rows that are there`;
  return [
    clause(`MATERIALIZE ${word} ${identifier(name)}`, RANK.addDependent + 0.5, {
      verdict: 'mutation',
      hazards: [hazard('rewrites data', reason)],
    }),
  ];
}

/** Columns that are computed from what changes, and are asked to be so in the rows that are there. */
export function recomputeDrafts(
  { id: { path } }: StateObject,
  changed: ReadonlySet<string>,
  { parts }: Tree,
): Draft[] {
  const name = path.at(-1) ?? '';
  return parts.flatMap(({ id, attributes: { materialize, value } }) => {
    const column = id.path.at(-1) ?? '';
    if (id.kind !== 'column' || materialize === undefined) return [];
    const differs =
      column === name ? changed.has('value') : changed.has('type') && mentions(String(value), name);
    const reason = `column ${column} is computed anew in every part`;
    const options = {
      verdict: 'mutation',
      hazards: [hazard('rewrites data', reason)],
      apart: true,
    } as const;
    const text = `MATERIALIZE COLUMN ${identifier(column)}`;
    return differs ? [clause(text, RANK.addDependent + 0.5, options)] : [];
  });
}

/** The parts as a server stores them, with what only their declaration says. */
export function keepMaterialize(
  stored: readonly StateObject[],
  declared: readonly StateObject[],
): StateObject[] {
  const asked = new Map(declared.map(({ id, attributes }) => [keyOf(id), attributes.materialize]));
  return stored.map((part) => {
    const materialize = asked.get(keyOf(part.id));
    return materialize === undefined ? part : { ...part, attributes: { ...part.attributes, materialize } };
  });
}
