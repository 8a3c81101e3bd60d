/** A list of addresses and what to change of it go in; it is changed, also where others change it at the same time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { networkEntries, withAddresses } from '../federation/networks-text.ts';
import type { Keeper } from '../keeper/keeper.ts';
import { KeeperError } from '../keeper/keeper-error.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Registration } from '../model/network.ts';
import type { PlannedStep } from '../model/plan.ts';
import type { Outcome } from '../model/report.ts';
import type { ClusterRun } from './execute.ts';
import { openNetworkKeeper } from './plan-networks.ts';

interface Ended {
  readonly outcome: Outcome;
  readonly error?: string;
}

/** Times the connect time-out in which a Keeper that loses connections is tried again. */
const PATIENCE = 3;

/** Undefined where somebody else was faster, so that it must be read again. */
async function changeOnce(
  keeper: Keeper,
  path: string,
  { add, remove }: Registration,
  wrote: () => void,
): Promise<Ended | undefined> {
  const node = await keeper.read(path);
  if (!node) return { outcome: 'failed', error: `nothing was changed: the Keeper has no node ${path}` };
  if (!networkEntries(node.text))
    return { outcome: 'failed', error: `nothing was changed: ${path} holds \`${node.text}\`` };
  const text = withAddresses(node.text, add, remove);
  if (text === node.text) return { outcome: 'done' };
  wrote();
  return (await keeper.write(path, text, node.version)) ? { outcome: 'done' } : undefined;
}

/**
 * Adding an address that is there changes nothing, and a text is only replaced while it is the one that was read: so whatever
 * became of a request whose answer was lost, reading and asking again is right.
 */
export async function runRegistration(
  { connectTimeout, keepLock }: Pick<ClusterRun, 'connectTimeout' | 'keepLock'>,
  { step }: Pick<PlannedStep, 'step'>,
  registration: Registration,
): Promise<Ended> {
  const { by } = registration;
  if ('manual' in by) return { outcome: 'pending', error: by.manual };
  const [path = ''] = step.object.path;
  const deadline = Date.now() + PATIENCE * connectTimeout;
  let isUnknown = false;
  for (let pause = 20; ; pause = Math.min(pause * 2, 1000)) {
    let keeper: Keeper | undefined;
    let said = `${path} is changed by others again and again`;
    try {
      await keepLock();
      keeper = await openNetworkKeeper(by, connectTimeout);
      const ended = await changeOnce(keeper, path, registration, () => {
        isUnknown = true;
      });
      if (ended) return ended;
      isUnknown = false;
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      said = error.message;
      const mayPass = error instanceof KeeperError && error.isInconclusive;
      if (!mayPass && !isUnknown) return { outcome: 'failed', error: `nothing was changed: ${said}` };
    } finally {
      keeper?.close();
    }
    if (Date.now() > deadline) return { outcome: isUnknown ? 'unknown' : 'failed', error: said };
    await sleep(pause);
  }
}
