/** A column as it is declared and as it is live goes in; what the change does to the rows that are there comes out. */
import type { StateObject } from '../model/object.ts';
import type { Hazard, Verdict } from '../model/step.ts';
import { identifier, qualified } from '../sql/quote.ts';
import type { Column } from './column-text.ts';
import { hazard } from './drafts.ts';
import { cutBy, exactCast } from './exact-cast.ts';
import { isNullable, typeChange } from './type-change.ts';

export const isStored = (column: Column): boolean => !/^(ALIAS|EPHEMERAL)\b/.test(column.value ?? '');

export const isEphemeral = (column: Column): boolean => /^EPHEMERAL\b/.test(column.value ?? '');

export const plainName = ({ id }: StateObject<Column>): string => id.path.at(-1) ?? '';

/** What a clause does to the rows that are there. */
export interface Effect {
  readonly verdict: Verdict;
  readonly hazards: readonly Hazard[];
  readonly guard?: string;
}

export const HARMLESS: Effect = { verdict: 'metadata', hazards: [] };

/** What is cut is told; at any other value that would change, the check that runs first fails. */
function narrowing(to: StateObject<Column>, from: StateObject<Column>): Effect {
  const [before, after] = [from.attributes.type, to.attributes.type];
  const cut = cutBy(before, after);
  const stops = 'apply reads the column first and stops where a value does not fit';
  // It runs before everything else, so that a column which is renamed still has its old name.
  const name = identifier(from.renamedFrom?.at(-1) ?? plainName(to));
  const where = isNullable(before) && !isNullable(after) ? ` WHERE ${name} IS NOT NULL` : '';
  const { guard } = exactCast(name, before, after);
  return {
    verdict: 'destructive',
    hazards: [
      hazard(
        'loses data',
        `column ${plainName(to)} becomes ${after}, which can't hold every ${before}: ${cut ? `${cut}, and ${stops}` : stops}`,
      ),
    ],
    guard: `SELECT sum(ignore(${guard})) FROM ${qualified(to.id.path.slice(0, -1))}${where}`,
  };
}

/** What a new type does to the values on disk. */
export function effectOfType(to: StateObject<Column>, from: StateObject<Column>): Effect {
  const [before, after] = [from.attributes.type, to.attributes.type];
  const change = typeChange(before, after);
  if (before === after || !isStored(to.attributes) || !isStored(from.attributes)) return HARMLESS;
  if (change === 'metadata') {
    const reason = `column ${plainName(to)} shows its times in another time zone`;
    return /DateTime/.test(after)
      ? { verdict: 'metadata', hazards: [hazard('changes results', reason)] }
      : HARMLESS;
  }
  const rewrites = hazard(
    'rewrites data',
    `converts column ${plainName(to)} from ${before} to ${after} in every part`,
  );
  const lost = change === 'narrowing' ? narrowing(to, from) : undefined;
  const hazards = [...(lost?.hazards ?? []), rewrites];
  if (!isNullable(before) || isNullable(after)) return { verdict: 'mutation', ...lost, hazards };
  const nulls = hazard('loses data', `NULL in column ${plainName(to)} becomes its ${to.attributes.value}`);
  return { ...lost, verdict: 'destructive', hazards: [nulls, ...hazards] };
}

/** What a new default does to what the rows show. */
export function effectOfValue(to: StateObject<Column>, from: StateObject<Column>): Effect {
  const [{ value }, live] = [to.attributes, from.attributes];
  if (value === live.value || isEphemeral(live) || to.attributes.materialize) return HARMLESS;
  const column = `column ${plainName(to)}`;
  if (isStored(live) && !isStored(to.attributes)) {
    const reason = `the stored values of ${column} are no longer read, and the next merges remove them`;
    return { verdict: 'destructive', hazards: [hazard('loses data', reason)] };
  }
  const rows = isStored(live) ? 'rows that are older than the column' : 'the rows that are there';
  const reads = `${column} reads ${value ?? 'the default of its type'} in ${rows}`;
  const reason = isEphemeral(to.attributes) ? `${column} can no longer be read` : reads;
  return { verdict: 'metadata', hazards: [hazard('changes results', reason)] };
}

/** What a new TTL does to the values that are there. */
export function effectOfTtl(to: StateObject<Column>, from: StateObject<Column>): Effect {
  if (to.attributes.ttl === undefined || to.attributes.ttl === from.attributes.ttl) return HARMLESS;
  const column = `column ${plainName(to)}`;
  return {
    verdict: 'mutation',
    hazards: [
      hazard('loses data', `the next merges reset the values of ${column} that its new TTL finds expired`),
      hazard('rewrites data', `the TTL of ${column} is computed anew for every part`),
    ],
  };
}
