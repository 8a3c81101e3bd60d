/** Asks both sites whether a partition is still as it was compared; throws RepairError with the reason where it is not. */
import { pathKey } from '../model/object.ts';
import type { PartSet } from './comparison.ts';
import { readPartSets } from './part-sets.ts';
import { RepairError, type RepairOrder } from './repair-run.ts';
import { both } from './site.ts';

async function partsOf(order: RepairOrder): Promise<readonly [PartSet | undefined, PartSet | undefined]> {
  const { path, repair } = order;
  const [active, passive] = await both([order.source, order.target], async (server) =>
    (await readPartSets(server, [path])).get(pathKey(path)),
  );
  const sites = { active, passive };
  for (const [site, parts] of Object.entries(sites)) {
    if (parts?.lagging) throw new RepairError('lagging', order, `on the ${site} site ${parts.lagging}`);
    const mutating = parts?.mutating ?? new Set();
    const patches = parts?.partitions.get(repair.partition)?.patchParts ?? 0;
    if (mutating === 'all' || mutating.has(repair.partition) || patches > 0) {
      const what = patches > 0 ? 'a lightweight update' : 'a mutation';
      throw new RepairError('pending mutations', order, `${what} is not written into it on the ${site} site`);
    }
  }
  return [active?.partitions.get(repair.partition), passive?.partitions.get(repair.partition)];
}

/**
 * Throws unless the active site is still the same and the passive site's parts are those that were compared. Gives the
 * fingerprint of the active site's parts.
 */
export async function proveStill(order: RepairOrder): Promise<string> {
  const { repair, shouldStop, turned } = order;
  if (shouldStop()) throw new RepairError('stopped', order, 'somebody asked to stop');
  const reason = await turned();
  if (reason !== undefined) throw new RepairError('direction', order, reason);
  const [active, passive] = await partsOf(order);
  if ((passive?.fingerprint ?? '') !== repair.passive.fingerprint)
    throw new RepairError(
      'moved',
      order,
      'the passive site wrote or merged parts of it since it was compared',
    );
  return active?.fingerprint ?? '';
}
