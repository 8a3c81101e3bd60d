/** Finds what runs that are no more have left of rebuilds on a node; asks only where a table's name hints at one. */
import type { Server } from '../live/server.ts';
import type { LeftRebuild } from '../model/rebuild.ts';
import type { State } from '../model/state.ts';
import { isUnfinishedName } from '../plan/rebuild.ts';
import { readRecords } from './rebuild-record.ts';
import { readUuid } from './rebuild-run.ts';

export async function readLeftRebuilds(server: Server, live: State): Promise<LeftRebuild[]> {
  const names = new Set(
    [...live.values()].flatMap(({ id }) =>
      isUnfinishedName(id.path[1] ?? '') ? [JSON.stringify(id.path)] : [],
    ),
  );
  if (names.size === 0) return [];
  const left: LeftRebuild[] = [];
  for (const { path, rebuild, phase, uuid } of await readRecords(server)) {
    const [database = ''] = path;
    if (![rebuild.shadow, rebuild.late].some((name) => names.has(JSON.stringify([database, name])))) continue;
    const isOld = (await readUuid({ ask: server.rows }, path)) === uuid;
    left.push({ path, rebuild, exchanged: phase === 'exchanged' && !isOld });
  }
  return left;
}
