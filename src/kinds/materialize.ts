/** A declared index or projection goes in; the clause that builds it for the rows that are there comes out. */
import { keyOf, type StateObject } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import { identifier } from '../sql/quote.ts';
import { clause, hazard, RANK } from './drafts.ts';

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
