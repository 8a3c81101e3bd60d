/** A node and its live state go in; the state comes out without the settings that an export, cut short, still borrows of tables. */
import type { Server } from '../live/server.ts';
import type { Federation } from '../model/federation.ts';
import { pathKey } from '../model/object.ts';
import type { State } from '../model/state.ts';
import { withOwnSettings } from '../plan/rebuild-left.ts';
import { STILL } from './export-sql.ts';
import { readLedger } from './ledger.ts';
import { readEntered, readSince } from './record.ts';

const HELD = Object.entries(STILL).map(([name, value]) => `${name} = ${value}`);

/** `first` keeps the stages of the federations. `timeout` in milliseconds. */
export async function withoutHeld(
  live: State,
  server: Server,
  first: Server | undefined,
  federations: readonly Federation[],
  timeout: number,
): Promise<State> {
  const mended = new Map(live);
  for (const { name, reads } of federations) {
    if (!first || reads !== server.node.cluster) continue;
    const since = readSince(await readEntered(first, name, timeout));
    for (const { path, state, settings } of await readLedger(server, name, since, timeout)) {
      const root = live.get(pathKey(path));
      if (root?.id.kind !== 'table' || (state !== 'attaching' && state !== 'attached')) continue;
      if (!HELD.every((text) => root.statement.includes(text))) continue;
      const own = JSON.parse(settings) as Record<string, string>;
      mended.set(pathKey(path), withOwnSettings(root, Object.keys(STILL), own));
    }
  }
  return mended;
}
