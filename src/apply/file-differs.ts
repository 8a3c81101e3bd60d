/** A step that delivered a file goes in; what its node still has otherwise comes out, in words. */
import { compareTopology, showDifference } from '../federation/compare-topology.ts';
import { remoteClusters } from '../federation/remote-clusters.ts';
import { readTopology } from '../live/read-topology.ts';
import type { Server } from '../live/server.ts';
import type { Estate } from '../model/estate.ts';
import { CONFIG_FILE } from '../model/node-file.ts';
import { showId } from '../model/object.ts';
import type { PlannedStep } from '../model/plan.ts';

/** Milliseconds; a server that is about to restart may say nothing. */
const ANSWER = 5000;

/** Throws a ServerError. `isSettled` plans again. */
export async function fileDiffers(
  estate: Estate,
  { cluster, step }: PlannedStep,
  server: Server,
  isSettled: () => Promise<boolean>,
): Promise<readonly string[]> {
  if (step.file?.path === CONFIG_FILE) {
    const live = await readTopology(server, ANSWER);
    return compareTopology(remoteClusters(estate, cluster) ?? [], live).map(showDifference);
  }
  return (await isSettled()) ? [] : [`something else than ${showId(step.object)} says`];
}
