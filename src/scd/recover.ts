/** The ledger goes in; loads that were killed are finished or taken away, and what was done about them comes out. */
import { clockOf, unfinishedLoads, writeRecord } from './ledger.ts';
import type { Load } from './load.ts';
import { dropLanded, hasLanded, publish } from './publish.ts';

/** Whoever calls it holds the lock, so that nobody works on them any more. */
export async function recover(load: Load): Promise<string[]> {
  const { server, scd, tenant } = load;
  const notes: string[] = [];
  for (const record of await unfinishedLoads(server, scd, tenant)) {
    const { batch } = record;
    if (record.outcome === 'landed' && (record.digest === '0' || (await hasLanded(load, batch)))) {
      const { written } = await publish(load, record);
      notes.push(`Load ${batch} had been killed while it wrote; it is finished, with ${written} rows more.`);
      continue;
    }
    await dropLanded(load, batch);
    const outcome = record.outcome === 'landed' ? 'failed' : 'abandoned';
    const error =
      outcome === 'failed'
        ? 'killed while it wrote, and what it had landed is gone: load its source again'
        : 'killed before it wrote anything';
    await writeRecord(server, { ...record, ended: await clockOf(server), outcome, error });
    notes.push(`Load ${batch} had been ${error}.`);
  }
  return notes;
}
