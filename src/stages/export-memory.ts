/** What the steps of one run that bring rows back know together, so that none of them asks for what another one was told. */
import { readPartSets, type TableParts } from '../dr/part-sets.ts';
import type { Server } from '../live/server.ts';
import { pathKey } from '../model/object.ts';
import type { Export } from '../model/stage.ts';
import type { OpenTable } from './attach-table.ts';
import { type LedgerEntry, readLedger } from './ledger.ts';
import { once } from './once.ts';
import { openSourceDigests, type SourceDigests } from './source-digests.ts';

const MINUTE = 60_000;

/** Milliseconds for which the parts that a source had may be taken for those from before a copy. */
const LATELY = 10_000;

export interface ExportMemory {
  readonly digests: SourceDigests;
  /** What was written down on the node before this run copied anything. */
  ledgerBefore(target: Server, order: Export): Promise<readonly LedgerEntry[]>;
  /** The parts of all partitions of the table, as they are or lately were. */
  partsLately(source: Server, path: readonly string[]): Promise<ReadonlyMap<string, TableParts>>;
  /** Tables of which partitions are being shown to readers, by node and path. */
  readonly tables: Map<string, Promise<OpenTable>>;
}

export function openExportMemory(): ExportMemory {
  const ledgers = new Map<string, Promise<readonly LedgerEntry[]>>();
  const parts = new Map<string, Promise<ReadonlyMap<string, TableParts>>>();
  const asked = new Map<string, number>();
  return {
    digests: openSourceDigests(),
    ledgerBefore: (target, { federation, since }) =>
      once(ledgers, JSON.stringify([target.node.name, federation, since]), () =>
        readLedger(target, federation, since, MINUTE),
      ),
    partsLately(source, path) {
      const key = JSON.stringify([source.node.name, pathKey(path)]);
      if (Date.now() - (asked.get(key) ?? 0) > LATELY) {
        parts.delete(key);
        asked.set(key, Date.now());
      }
      return once(parts, key, () => readPartSets(source, [path]));
    },
    tables: new Map(),
  };
}
