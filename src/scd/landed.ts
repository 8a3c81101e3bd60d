/** A batch in the landing table goes in; which of its rows count comes out, as SQL. */
import { LANDING, type ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';

export interface Batch {
  readonly id: string;
  readonly tenant: string;
}

/** The keys of a batch that are worked on at once: one INSERT of one block, which is there whole or not at all. */
export interface Portion extends Batch {
  readonly number: number;
  readonly of: number;
}

export function landingTable({ database, names }: ScdTable): string {
  return qualified([database, names.landing]);
}

/** `AND …`, for both sides of a comparison. */
export function portionOf({ key }: ScdTable, { number, of }: Portion): string {
  return of === 1 ? '' : ` AND sipHash64(${key.map(identifier).join(', ')}) % ${of} = ${number}`;
}

export function goodRows(scd: ScdTable, { id }: Batch) {
  return {
    from: landingTable(scd),
    where: `${identifier(LANDING.batch)} = ${literal(id)} AND ${identifier(LANDING.problem)} = ''`,
    deleted: identifier(LANDING.deleted),
  };
}
