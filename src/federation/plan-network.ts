/** A federation, the list of its Keeper and what its nodes get through to go in; the steps that let them in, and what is wrong, come out. */
import type { Cluster } from '../model/estate.ts';
import type { Federation } from '../model/federation.ts';
import type { Finding } from '../model/finding.ts';
import type { Network, RegisterBy, Registration } from '../model/network.ts';
import type { ObjectId } from '../model/object.ts';
import type { Reach } from '../model/reach.ts';
import type { Change, Hazard, Step } from '../model/step.ts';
import { fingerprint } from '../plan/fingerprint.ts';
import { addressesIn, networkEntries, withAddresses, wrongEntry } from './networks-text.ts';
import { takeOffWords, wantedAddresses } from './registered.ts';

export interface SeenNetwork {
  /** Undefined where the Keeper has no such node. */
  readonly list: { readonly text: string | undefined } | { readonly unreadable: string };
  /** Addresses that earlier runs brought. */
  readonly owned: readonly string[];
  /** By the node that tried. */
  readonly reach: ReadonlyMap<string, readonly Reach[]>;
}

export interface PlannedNetwork {
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
}

export const listId = ({ path }: Network): ObjectId => ({ kind: 'keeper list', path: [path] });

interface Wanted {
  readonly federation: Federation;
  readonly network: Network;
  readonly addresses: readonly string[];
}

const NONE: PlannedNetwork = { steps: [], findings: [] };

function stepOf(
  { federation }: Wanted,
  object: ObjectId,
  registration: Registration,
  changes: Pick<Change, 'attributes'>,
  hazards: readonly Hazard[],
): Step {
  const { place } = federation;
  const { before } = registration;
  return {
    action: 'alter',
    object,
    statements: [],
    registration,
    verdict: 'metadata',
    hazards,
    changes: [{ action: 'alter', object, ...changes, ...(place && { place }) }],
    refusals: [],
    fingerprint: fingerprint(before === undefined ? undefined : JSON.stringify([before, registration.owned])),
    ...(place && { place }),
  };
}

function finding(
  { federation }: Wanted,
  severity: Finding['severity'],
  rule: string,
  message: string,
): Finding {
  const { place } = federation;
  return { severity, rule, message, ...(place && { place }) };
}

/** Why nobody can say what a change of the list would do; undefined where it is fine. */
function problemOf({ network, addresses }: Wanted, text: string | undefined): string | undefined {
  const whole = withAddresses('', addresses, []);
  if (text === undefined)
    return `the Keeper of cluster ${network.cluster} has no node ${network.path}, in which its servers would look; if they do, create it: ${whole}`;
  const entries = networkEntries(text);
  const wrong = entries ? wrongEntry(entries) : 'it is no row of <ip>, <host> and <host_regexp>';
  if (wrong === undefined) return undefined;
  return `${network.path} in the Keeper of cluster ${network.cluster} holds \`${text}\`: ${wrong}; mend it by hand, so that it has ${addresses.join(', ')} as well`;
}

function registerBy({ keeper, signIn, ca, cluster, path }: Network, text: string): RegisterBy {
  if (keeper.length > 0) return { keeper, ...(signIn && { signIn }), ...(ca && { ca }) };
  return { manual: `set ${path} in the Keeper of cluster ${cluster} to ${text}` };
}

function planList(wanted: Wanted, text: string, owned: readonly string[]): PlannedNetwork {
  const { federation, network, addresses } = wanted;
  const there = addressesIn(text);
  const add = addresses.filter((one) => !there.has(one));
  const remove = owned.filter((one) => there.has(one) && !addresses.includes(one));
  if (add.length === 0 && remove.length === 0) return NONE;
  const lost = add.filter((one) => owned.includes(one));
  const next = withAddresses(text, add, remove);
  const kept = owned.filter((one) => there.has(one) && !remove.includes(one));
  const registration = {
    by: registerBy(network, next),
    ...{ add, remove, before: text, text: next, owned: [...kept, ...add] },
  };
  const hazards: Hazard[] = [];
  if (add.length > 0)
    hazards.push({ kind: 'changes access', reason: `${add.join(', ')} get in without a password` });
  if (remove.length > 0)
    hazards.push({
      kind: 'changes access',
      reason: `${remove.join(', ')} get in without a password no more`,
    });
  const attributes = [
    { name: 'addresses', from: [...there].join(', '), to: [...addressesIn(next)].join(', ') },
  ];
  const step = stepOf(wanted, listId(network), registration, { attributes }, hazards);
  const message = `${lost.join(', ')} stood in ${network.path} of cluster ${network.cluster} and are gone: scaling the cluster overwrites its network registration, and federation ${federation.name} does not get in until they are back; don't scale it during the migration`;
  const findings =
    lost.length > 0 ? [finding(wanted, 'warning', 'federation-registration-lost', message)] : [];
  // Told by the plan that takes them out, and by no later one.
  if (remove.length > 0)
    findings.push(finding(wanted, 'warning', 'federation-allow-list', takeOffWords(network, remove)));
  return { steps: [step], findings };
}

/** Whether every node got through to every other one. */
function allReach(reach: SeenNetwork['reach']): boolean {
  return reach.size > 0 && [...reach.values()].flat().every(({ reached }) => reached);
}

function planKeeper(wanted: Wanted, { list, owned, reach }: SeenNetwork): PlannedNetwork {
  const { network, addresses } = wanted;
  if (addresses.length === 0 && owned.length === 0) return NONE;
  if ('unreadable' in list) {
    if (network.keeper.length === 0 && allReach(reach)) return NONE;
    const isTold = network.keeper.length > 0;
    const message = `${network.path} of cluster ${network.cluster} can't be read: ${list.unreadable}; ${
      isTold
        ? 'nothing is known of who gets in'
        : `make sure that it has ${addresses.join(', ')}, or declare \`keeper\``
    }`;
    return {
      steps: [],
      findings: [finding(wanted, isTold ? 'error' : 'warning', 'federation-network', message)],
    };
  }
  const problem = addresses.length > 0 || list.text !== undefined ? problemOf(wanted, list.text) : undefined;
  if (problem !== undefined)
    return { steps: [], findings: [finding(wanted, 'error', 'federation-network', problem)] };
  return planList(wanted, list.text ?? '', owned);
}

/** No console has an open interface, so what its list holds is known by trying. */
function planAllowList(wanted: Wanted, { reach }: SeenNetwork): PlannedNetwork {
  const { network, addresses } = wanted;
  const unreached = [...reach].flatMap(([node, tried]) =>
    tried
      .filter(({ reached }) => reached === false)
      .map(({ address, reason }) => `${node} does not reach ${address}: ${reason ?? 'no answer'}`),
  );
  if (addresses.length === 0 || unreached.length === 0) return NONE;
  const manual = `let ${addresses.join(', ')} in at the console of cluster ${network.cluster}; ${unreached.join('; ')}`;
  const registration = {
    by: { manual },
    ...{ add: addresses, remove: [], text: `${addresses.join('\n')}\n`, owned: [] },
  };
  const object = { kind: 'allow list', path: [network.cluster] };
  const attributes = [{ name: 'addresses', to: addresses.join(', ') }];
  return { steps: [stepOf(wanted, object, registration, { attributes }, [])], findings: [] };
}

/** Whether there is anything to ask for. */
export function planNetwork(
  federation: Federation,
  clusters: readonly Cluster[],
  seen: SeenNetwork,
): PlannedNetwork {
  const { network } = federation;
  if (!network) return NONE;
  const addresses = [...new Set(wantedAddresses(federation, clusters).values())];
  const wanted = { federation, network, addresses };
  const [list, allowList] = [planKeeper(wanted, seen), planAllowList(wanted, seen)];
  return {
    steps: [...list.steps, ...allowList.steps],
    findings: [...list.findings, ...allowList.findings],
  };
}
