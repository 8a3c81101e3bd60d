/** A table and an export of one of its partitions go in; every statement of it comes out, for those who read it and for apply. */
import { createHash } from 'node:crypto';
import { ANY_MOMENT, digestSql, repairSql, stagingPath } from '../dr/repair-sql.ts';
import type { Export, Share } from '../model/stage.ts';
import { literal, qualified } from '../sql/quote.ts';

export function exportStaging(
  path: readonly string[],
  source: string,
  partition: string,
  since: string,
): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([path, source, partition, since]))
    .digest('hex');
  return `export_${hash.slice(0, 16)}`;
}

/**
 * No two parts are small enough to be merged, so that parts which were attached can be told from others by their hashes until it
 * is written down that they are there; also when the server was restarted in between.
 */
export const STILL: Readonly<Record<string, string>> = {
  max_bytes_to_merge_at_max_space_in_pool: '1',
  max_bytes_to_merge_at_min_space_in_pool: '1',
};

const STILL_TEXT = Object.entries(STILL)
  .map(([name, value]) => `${name} = ${value}`)
  .join(', ');

const belongs = ({ number, at }: Share): string => `${number} = ${at}`;

export interface ExportSql {
  readonly staging: readonly string[];
  create(): string;
  copy(): string;
  /** Keeps parts of the table apart. */
  hold(): string;
  attach(): string;
  /** Gives back what `hold` borrowed; `own` are the settings that the table had itself. */
  release(own: Readonly<Record<string, string>>): string[];
  drop(): string;
}

export function exportSql(path: readonly string[], { copy, share }: Export): ExportSql {
  const staging = stagingPath(copy.staging);
  const [table, beside] = [qualified(path), qualified(staging)];
  const sql = repairSql(path, { ...copy, ...(share && { where: belongs(share) }) });
  return {
    staging,
    create: () => sql.create(),
    copy: () => sql.copy(),
    hold: () => `ALTER TABLE ${table} MODIFY SETTING ${STILL_TEXT}`,
    attach: () => `ALTER TABLE ${table} ATTACH PARTITION ID ${literal(copy.partition)} FROM ${beside}`,
    release(own) {
      const reset = Object.keys(STILL).filter((name) => !(name in own));
      const set = Object.entries(own).map(([name, value]) => `${name} = ${value}`);
      return [
        ...(set.length > 0 ? [`ALTER TABLE ${table} MODIFY SETTING ${set.join(', ')}`] : []),
        ...(reset.length > 0 ? [`ALTER TABLE ${table} RESET SETTING ${reset.join(', ')}`] : []),
      ];
    },
    drop: () => sql.drop(),
  };
}

/** The settings of {@link STILL} that a table has of its own. */
export function ownStill(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name in STILL));
}

/** Rows and digest of what a member has, of what belongs on this node. */
export function sourceDigest(path: readonly string[], { copy, share }: Export, now: number | string): string {
  const alive = [...copy.alive, ...(share ? [`(${belongs(share)})`] : [])];
  return digestSql(path, { ...copy, alive }, now);
}

/** The same for all nodes among which the partition is shared out, in one pass; a node that gets nothing has no row of it. */
export function sourceDigests(
  path: readonly string[],
  { copy, share }: Export,
  now: number | string,
): string {
  return digestSql(path, copy, now, share?.number);
}

/** The statements in the order in which they run, for those who review them. */
export function exportRecipe(path: readonly string[], one: Export): string[] {
  const sql = exportSql(path, one);
  if (one.act === 'attach') return [sql.hold(), sql.attach(), ...sql.release({}), sql.drop()];
  return [sql.create(), sql.copy(), digestSql(sql.staging, one.copy, ANY_MOMENT)];
}
