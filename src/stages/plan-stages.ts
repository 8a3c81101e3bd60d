/** Plans of clusters and what is declared of federations go in; the same with the steps of stages that are to be entered comes out, and their conditions. */
import type { MemberNode } from '../federation/check-structure.ts';
import { takeOffWords, wantedAddresses } from '../federation/registered.ts';
import { readTopology } from '../live/read-topology.ts';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Federation } from '../model/federation.ts';
import type { Finding } from '../model/finding.ts';
import { CONFIG_FILE } from '../model/node-file.ts';
import type { ClusterPlan } from '../model/plan.ts';
import { isBlocking, overrideName, type StageChange } from '../model/stage.ts';
import type { Step } from '../model/step.ts';
import { digest } from '../plan/fingerprint.ts';
import { conditionsOf, leaves } from './conditions.ts';
import { readLedger } from './ledger.ts';
import { type PlannedExports, planExports } from './plan-exports.ts';
import { type Entered, readEntered, readSince, recordStatements } from './record.ts';
import { seeNode } from './seen.ts';

export interface StageReading {
  readonly servers: ReadonlyMap<string, Server>;
  readonly members: readonly MemberNode[];
  /** Names of conditions that do not count. */
  readonly overrides: ReadonlySet<string>;
  /** Milliseconds. */
  readonly timeout: number;
}

interface Planned {
  readonly federation: Federation;
  readonly change?: StageChange;
  /** By node. */
  readonly steps: ReadonlyMap<string, readonly Step[]>;
  readonly findings: readonly Finding[];
  readonly rollsBack: boolean;
}

const NO_EXPORTS: PlannedExports = { steps: new Map(), mismatches: [], bytes: 0 };

/** Runs last, so that a run that was killed begins where it was. */
function recordStep({ name, stage, place }: Federation, from: string | undefined, proves: boolean): Step {
  const object = { kind: 'federation', path: [name] };
  const attribute = { name: 'stage', to: stage, ...(from !== undefined && { from }) };
  return {
    action: from === undefined ? 'create' : 'alter',
    object,
    statements: recordStatements(name, stage),
    stage: { federation: name, stage, proves },
    verdict: 'metadata',
    hazards: [],
    changes: [
      {
        action: from === undefined ? 'create' : 'alter',
        object,
        attributes: [attribute],
        ...(place && { place }),
      },
    ],
    refusals: [],
    phase: 4,
    ...(place && { place }),
    fingerprint: digest(from ?? ''),
  };
}

function findingsOf(federation: Federation, { conditions, to }: StageChange, node: string): Finding[] {
  const place = federation.place && { place: federation.place };
  return conditions.flatMap((condition): Finding[] => {
    const { name, seen, overridden } = condition;
    const rule = `federation-${name}`;
    const about = { rule, node, ...place };
    if (overridden !== undefined) {
      const message = `federation \`${federation.name}\` enters \`${to}\` although ${seen.join('; ')} (${overridden})`;
      return [{ severity: 'warning', message, ...about }];
    }
    if (!isBlocking(condition)) return [];
    const name_ = overrideName(federation.name, condition);
    const message = `federation \`${federation.name}\` can't enter \`${to}\` yet: ${seen.join('; ')}. Where that is meant, \`--override ${name_}\`, or \`overrides\` in its declaration with the reason`;
    return [{ severity: 'error', message, ...about }];
  });
}

/** Who connects no more from this stage on, where no list tells it; the plan that enters the stage says it once. */
function takenOff(
  federation: Federation,
  { from }: StageChange,
  clusters: Estate['clusters'],
  node: string,
): Finding[] {
  const { network, place } = federation;
  if (!network || network.keeper.length > 0 || from === undefined) return [];
  const { kept: _kept, ...whole } = federation;
  const before = wantedAddresses({ ...whole, stage: from }, clusters);
  const still = new Set(wantedAddresses(federation, clusters).values());
  const gone = [...new Set(before.values())].filter((address) => !still.has(address));
  if (gone.length === 0) return [];
  const message = takeOffWords(network, gone);
  return [{ severity: 'warning', rule: 'federation-allow-list', message, node, ...(place && { place }) }];
}

/** Half a way back shows some rows twice: the member that has them is still read. */
async function begunBack(
  { name, stage, place, reads }: Federation,
  since: string,
  { servers, timeout }: StageReading,
): Promise<Finding[]> {
  if (since === '' || stage === 'compatibility') return [];
  const nodes = [...servers.values()].filter(({ node }) => node.cluster === reads);
  const findings: Finding[] = [];
  for (const server of nodes) {
    const back = (await readLedger(server, name, since, timeout)).filter(
      ({ state }) => state === 'attaching' || state === 'attached',
    );
    if (back.length === 0) continue;
    const message = `a rollback of federation \`${name}\` was begun: ${back.length} partitions have come back to ${server.node.name}, and would be read twice; finish it with \`stage: compatibility\` first`;
    const about = { node: server.node.name, ...(place && { place }) };
    findings.push({ severity: 'error', rule: 'federation-rolled-back-in-part', message, ...about });
  }
  return findings;
}

/** Where nobody wrote down a stage: whether the node reads another member all the same. */
async function isReadBy(
  server: Server | undefined,
  { name, members, reads }: Federation,
  timeout: number,
): Promise<boolean> {
  if (!server) return false;
  const topology = await readTopology(server, timeout);
  const addresses = (cluster: string): string[] =>
    topology.filter((row) => row.cluster === cluster).map(({ host, port }) => `${host}:${port}`);
  const read = new Set(addresses(name));
  return members.some((member) => member !== reads && addresses(member).some((one) => read.has(one)));
}

async function planStage(
  estate: Estate,
  federation: Federation,
  entered: readonly Entered[],
  first: string,
  reading: StageReading,
): Promise<Planned> {
  const mayLeave = entered.length === 0 && federation.stage === 'compatibility';
  const isRead = mayLeave && (await isReadBy(reading.servers.get(first), federation, reading.timeout));
  const from = entered[0]?.stage ?? (isRead ? 'network' : undefined);
  const since = readSince(entered);
  const begun = await begunBack(federation, since, reading);
  if (from === federation.stage) return { federation, steps: new Map(), findings: begun, rollsBack: false };
  const nodes = estate.clusters
    .filter(({ name }) => federation.members.includes(name))
    .flatMap((cluster) => cluster.nodes);
  const servers = nodes.flatMap(({ name }) => reading.servers.get(name) ?? []);
  // A survey of some clusters only, which asks what became of a step.
  if (
    servers.length < nodes.length ||
    !nodes.every(({ name }) => reading.members.some(({ node }) => node === name))
  )
    return { federation, steps: new Map(), findings: begun, rollsBack: false };
  const seen = await Promise.all(servers.map((server) => seeNode(server, federation, reading.timeout)));
  const rollsBack = leaves(federation, from);
  const exports = rollsBack
    ? await planExports({ federation, since, clusters: estate.clusters, ...reading })
    : NO_EXPORTS;
  const { mismatches, bytes } = exports;
  const asked = { federation, from, nodes: seen, mismatches, exportBytes: bytes };
  const conditions = conditionsOf(asked, reading.overrides);
  const change = { federation: federation.name, ...(from && { from }), to: federation.stage, conditions };
  const steps = new Map(exports.steps);
  steps.set(first, [...(steps.get(first) ?? []), recordStep(federation, from, rollsBack)]);
  return {
    federation,
    change,
    steps,
    findings: [
      ...begun,
      ...findingsOf(federation, change, first),
      ...takenOff(federation, change, estate.clusters, first),
    ],
    rollsBack,
  };
}

/**
 * The topology goes when all is copied, what was copied is shown right behind it, and who reads no more is kept out last: until
 * then the rows are read.
 */
function later(step: Step): Step {
  if (step.file?.path === CONFIG_FILE) return { ...step, phase: 2 };
  return step.registration ? { ...step, phase: 5 } : step;
}

/** Nodes that can't be read keep a federation from being planned; their clusters say so. */
export async function planStages(
  estate: Estate,
  clusters: readonly ClusterPlan[],
  reading: StageReading,
): Promise<{ readonly clusters: readonly ClusterPlan[]; readonly stages: readonly StageChange[] }> {
  const planned: Planned[] = [];
  for (const federation of estate.federations ?? []) {
    const first = estate.clusters.find(({ name }) => name === federation.reads)?.nodes[0]?.name;
    const server = reading.servers.get(first ?? '');
    if (!server || first === undefined) continue;
    try {
      const entered = await readEntered(server, federation.name, reading.timeout);
      planned.push(await planStage(estate, federation, entered, first, reading));
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      const message = `the stage of federation \`${federation.name}\` is not known: ${error.message}`;
      const finding: Finding = { severity: 'error', rule: 'federation-stage', message, node: first };
      planned.push({ federation, steps: new Map(), findings: [finding], rollsBack: false });
    }
  }
  const merged = clusters.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((plan) => {
      const waits = planned.some(
        ({ rollsBack, federation }) => rollsBack && federation.members.includes(cluster.cluster),
      );
      const steps = planned.flatMap((one) => one.steps.get(plan.node) ?? []);
      const findings = planned.flatMap((one) => one.findings.filter(({ node }) => node === plan.node));
      if (plan.unreadable !== undefined) return plan;
      return {
        ...plan,
        steps: [...(waits ? plan.steps.map(later) : plan.steps), ...steps],
        findings: [...plan.findings, ...findings],
      };
    }),
  }));
  return { clusters: merged, stages: planned.flatMap(({ change }) => change ?? []) };
}
