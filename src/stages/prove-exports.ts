/** Proves, before a way back counts as gone, that every row of the members that leave has come back, and none twice. */

import type { Content } from '../dr/comparison.ts';
import { readPartSets } from '../dr/part-sets.ts';
import { ANY_MOMENT } from '../dr/repair-sql.ts';
import { readSiteFacts, soon } from '../dr/site.ts';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { pathKey, showPath } from '../model/object.ts';
import { contentBy, isSame, show } from './export-run.ts';
import { type LedgerEntry, readLedger } from './ledger.ts';

/** Rows that are shared out among nodes add up to what they were shared out of. */
export function together(shares: readonly Content[]): Content {
  const half = (digest: string, at: number): bigint => BigInt(`0x${digest.slice(at, at + 16) || '0'}`);
  const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
  const sum = shares.reduce((all, { digest }) => BigInt.asUintN(64, all + half(digest, 0)), 0n);
  const xor = shares.reduce((all, { digest }) => all ^ half(digest, 16), 0n);
  return { rows: shares.reduce((all, { rows }) => all + rows, 0), digest: hex(sum) + hex(xor) };
}

export interface ProofScope {
  readonly federation: string;
  readonly since: string;
  readonly paths: readonly (readonly string[])[];
  readonly sources: readonly Server[];
  readonly targets: readonly Server[];
}

/** Throws a PlumblineError that names the first partition of which not all is back. */
export async function proveExports(scope: ProofScope): Promise<void> {
  const { federation, since, paths, sources, targets } = scope;
  const ledgers = await Promise.all(targets.map((server) => readLedger(server, federation, since, 60_000)));
  for (const source of sources) {
    const sets = await readPartSets(source, paths);
    for (const path of paths)
      for (const [partition, { fingerprint, storedRows }] of sets.get(pathKey(path))?.partitions ?? []) {
        if (storedRows === 0) continue;
        const name = `partition ${partition} of ${showPath(path)} from ${source.node.name}`;
        const entries = ledgers.flatMap((ledger) => {
          const entry = ledger.find(
            (one) =>
              one.source === source.node.name &&
              one.partition === partition &&
              pathKey(one.path) === pathKey(path),
          );
          return entry?.state === 'attached' ? [entry] : [];
        });
        if (entries.length < targets.length) throw new PlumblineError(`${name} is not back yet; plan again`);
        await proveOne(source, { name, entries, fingerprint });
      }
  }
}

interface Brought {
  readonly name: string;
  readonly entries: readonly LedgerEntry[];
  /** Of the source's parts as they are now. */
  readonly fingerprint: string;
}

async function proveOne(source: Server, { name, entries, fingerprint }: Brought): Promise<void> {
  if (entries.every((entry) => entry.fingerprint === fingerprint)) return;
  const facts = await readSiteFacts({ server: source });
  const query = entries[0]?.query ?? '';
  const now = String(soon([facts, facts]));
  const found = await contentBy(source, facts, query.replaceAll(ANY_MOMENT, now));
  const expected = together(entries);
  if (isSame(found, expected)) return;
  throw new PlumblineError(
    `${source.node.name} got rows after they were brought back: ${name} has ${show(found)}, and ${show(expected)} came back; stop who writes there, and move the newer rows by hand`,
  );
}
