/** A federation, the stage it stands in, and what was seen of its members go in; what must hold before the next stages comes out. */
import { type Federation, STAGES, type Stage } from '../model/federation.ts';
import { pathKey, showPath } from '../model/object.ts';
import type { Condition, ConditionName } from '../model/stage.ts';
import { counted, formatBytes, formatCount } from '../render/units.ts';
import { empty, holding, type Judged, judged } from './emptied.ts';
import { type SeenNode, UNKNOWN } from './seen.ts';

export interface SeenFederation {
  readonly federation: Federation;
  /** The stage that was entered last; undefined where none is recorded. */
  readonly from: Stage | undefined;
  readonly nodes: readonly SeenNode[];
  /** Why the tables of two members can't give each other their partitions. */
  readonly mismatches: readonly string[];
  /** Of what is to come back in a rollback. */
  readonly exportBytes: number;
}

/** Seconds. */
const HOUR = 3600;

const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);

const readersOf = ({ federation, nodes }: SeenFederation): SeenNode[] =>
  nodes.filter(({ cluster }) => cluster === federation.reads);
const othersOf = ({ federation, nodes }: SeenFederation): SeenNode[] =>
  nodes.filter(({ cluster }) => cluster !== federation.reads);

function reachable(seen: SeenFederation): Judged {
  const pairs = readersOf(seen).flatMap((node) =>
    [...(node.unreached ?? [])].map((one) => [node, ...one] as const),
  );
  const unknown = pairs.filter(([, , why]) => why === UNKNOWN);
  const failed = pairs
    .filter(([, , why]) => why !== UNKNOWN)
    .map(([{ node }, member, why]) => `${node} does not reach ${member}: ${why}`);
  if (failed.length > 0) return { state: 'unmet', seen: failed };
  if (unknown.length > 0) {
    const told = unknown.map(([{ node }, member]) => `${node} does not know the servers of ${member} yet`);
    return { state: 'unknown', seen: told };
  }
  return { state: 'met', seen: ['every node that reads reaches the other members'] };
}

function membersEmpty(seen: SeenFederation): Judged {
  const problems = othersOf(seen).flatMap((node) =>
    holding(node).map(
      ({ path, rows }) =>
        `${node.node} holds ${counted(rows, 'row')} in ${showPath(path)}, which will be read together with those of ${seen.federation.reads}: drop them there if ${seen.federation.reads} has them too, as after a rollback`,
    ),
  );
  return judged(problems, 'the other members have no rows in the covered tables');
}

function readEverywhere(seen: SeenFederation): Judged {
  const { name, members, reads } = seen.federation;
  const problems = readersOf(seen).flatMap(({ node, topology = [] }) => {
    const read = new Set(
      topology.filter(({ cluster }) => cluster === name).map(({ host, port }) => `${host}:${port}`),
    );
    return members
      .filter((member) => member !== reads)
      .filter((member) => {
        const own = topology.filter(({ cluster }) => cluster === member);
        return own.length === 0 || !own.some(({ host, port }) => read.has(`${host}:${port}`));
      })
      .map((member) => `${node} does not read ${member} as a part of ${name}`);
  });
  return judged(problems, `every node that reads has all members in ${name}`);
}

/** A load compares with what the cluster that it writes to holds. */
function historiesWhole(seen: SeenFederation): Judged {
  const { reads, writes, covered } = seen.federation;
  if (reads === writes) return judged([], `loads stay on ${reads}`);
  const histories = new Set(covered.filter(({ isHistory }) => isHistory).map(({ path }) => pathKey(path)));
  const problems = readersOf(seen).flatMap((node) =>
    holding(node)
      .filter(({ path }) => histories.has(pathKey(path)))
      .map(({ path, rows }) => `${node.node} holds ${counted(rows, 'version')} in ${showPath(path)}`),
  );
  const advice = `loads on ${writes} do not see those, and would begin every key anew: move tenants as a whole first, or leave loads where they are with \`writes: ${reads}\``;
  return judged(problems.length > 0 ? [...problems, advice] : [], `no history has versions on ${reads}`);
}

function writesMoved(seen: SeenFederation): Judged {
  const { quiet, reads } = seen.federation;
  const hours = quiet === HOUR ? 'hour' : counted(quiet / HOUR, 'hour');
  const within = quiet % HOUR === 0 ? hours : counted(quiet, 'second');
  const readers = readersOf(seen);
  const problems = readers.flatMap(({ node, tables }) =>
    tables
      .filter(({ recent }) => recent > 0)
      .map(
        ({ path, recent }) =>
          `${node} still received ${counted(recent, 'row')} in ${showPath(path)} within the last ${within}`,
      ),
  );
  const unlogged = readers.filter(({ isLogged }) => !isLogged).map(({ node }) => node);
  const fine = `${reads} received no row within the last ${within}`;
  if (unlogged.length === 0) return judged(problems, `${fine}, as system.part_log has it`);
  const doubt = `${unlogged.join(', ')} keep no part_log of that time: rows that a merge took more than minutes ago are not seen there`;
  return judged(problems, `${fine}; ${doubt}`);
}

function leavingEmpty(seen: SeenFederation): Judged {
  const { kept } = seen.federation;
  const leaving = readersOf(seen).filter(({ node }) => kept !== undefined && !kept.includes(node));
  if (leaving.length === 0) return { state: 'met', seen: ['no node leaves'] };
  return empty(leaving, leaving.map(({ node }) => node).join(' and '));
}

/** How many nodes are still needed, and what is left to them. */
function aggregation(seen: SeenFederation): Judged {
  const readers = readersOf(seen);
  const { kept = readers.map(({ node }) => node) } = seen.federation;
  const needed = readers.filter((node) => holding(node).length > 0).length;
  const said = [
    `${Math.max(needed, 1)} of ${readers.length} nodes of ${seen.federation.reads} are still needed (those that hold rows, and one at least to aggregate); ${kept.length} stay`,
  ];
  const logs = readers.flatMap(({ reads }) => reads ?? []);
  if (logs.length === 0)
    return {
      state: 'noted',
      seen: [...said, 'what aggregating costs is not known: no node keeps a query log'],
    };
  const queries = sum(logs, (one) => one.queries);
  const seconds = sum(logs, (one) => one.seconds);
  const memory = Math.max(...logs.map((one) => one.memory));
  const load = (nodes: number): string => `${(seconds / Math.max(nodes, 1)).toFixed(1)} s`;
  said.push(
    `within the last day ${formatCount(queries)} queries over the federation were aggregated there, with ${formatBytes(memory)} of memory at most; each node spent ${load(readers.length)} of processor time on them, and will spend ${load(kept.length)}`,
  );
  return { state: 'noted', seen: said };
}

const readsEmpty = (seen: SeenFederation): Judged => empty(readersOf(seen), seen.federation.reads);

/** What is written there again is read at once. */
function readsWhole(seen: SeenFederation): Judged {
  const { name, reads } = seen.federation;
  const addresses = (topology: SeenNode['topology'], cluster: string): string[] =>
    (topology ?? []).filter((one) => one.cluster === cluster).map(({ host, port }) => `${host}:${port}`);
  const problems = readersOf(seen).flatMap(({ node, topology }) => {
    const read = new Set(addresses(topology, name));
    const own = addresses(topology, reads);
    if (own.length > 0 && own.every((one) => read.has(one))) return [];
    return [
      `${node} does not read all of ${reads} as a part of ${name}, and would not see what is written there again; enter \`switchover\`, without \`kept\`, before`,
    ];
  });
  return judged(problems, `every node that reads has all of ${reads} in ${name}`);
}

function exportRoom(seen: SeenFederation): Judged {
  const { exportBytes } = seen;
  const readers = readersOf(seen);
  const share = exportBytes / Math.max(1, readers.length);
  // Beside the table while they are put together: hard links then, so that they take room once.
  const problems = readers
    .filter(({ free }) => free < share * 1.2)
    .map(
      ({ node, free }) =>
        `${node} has ${formatBytes(free)} free, and about ${formatBytes(share)} come back to it`,
    );
  return judged(problems, `there is room for the ${formatBytes(exportBytes)} that come back`);
}

function oneStage({ federation, from }: SeenFederation): Judged {
  const [was, is] = [STAGES.indexOf(from ?? federation.stage), STAGES.indexOf(federation.stage)];
  const skipped = is > was ? STAGES.slice(was + 1, is) : [];
  return judged(
    skipped.length > 0
      ? [`${skipped.join(' and ')} would be skipped between ${from} and ${federation.stage}`]
      : [],
    from === undefined ? 'no stage is recorded yet' : `${from} comes right before`,
  );
}

type Judge = (seen: SeenFederation) => Judged;

/** What must hold before a stage is entered from an earlier one. */
const FORWARD: Readonly<Record<Stage, Partial<Record<ConditionName, Judge>>>> = {
  compatibility: {},
  network: { reachable, 'members-empty': membersEmpty, 'histories-whole': historiesWhole },
  switchover: { reachable, 'read-everywhere': readEverywhere, 'histories-whole': historiesWhole },
  decommission: { 'writes-moved': writesMoved, 'leaving-empty': leavingEmpty, aggregation },
  final: { reachable, 'writes-moved': writesMoved, 'reads-empty': readsEmpty },
};

/** Before the other members leave. */
const BACK: Partial<Record<ConditionName, Judge>> = {
  reachable,
  'export-target': ({ mismatches }) =>
    judged(mismatches, 'the tables of both sides take the same partitions'),
  'export-room': exportRoom,
};

/** Whether the other members leave what is read, although they may have rows. */
export function leaves({ stage }: Pick<Federation, 'stage'>, from: Stage | undefined): boolean {
  return stage === 'compatibility' && from !== undefined && from !== 'compatibility';
}

/** In the order of the stages; `overrides` are names such as `federation/<name>/<condition>`, from the command line. */
export function conditionsOf(seen: SeenFederation, overrides: ReadonlySet<string>): Condition[] {
  const { federation, from } = seen;
  const { name, stage } = federation;
  const [was, is] = [from === undefined ? 0 : STAGES.indexOf(from), STAGES.indexOf(stage)];
  const entered = is > was ? STAGES.slice(was + 1, is + 1) : [];
  const judges: [ConditionName, Stage, Judge][] = [
    ...(is > was ? [['one-stage', stage, oneStage] as [ConditionName, Stage, Judge]] : []),
    ...entered.flatMap((one) =>
      Object.entries(FORWARD[one]).map(([key, judge]): [ConditionName, Stage, Judge] => [
        key as ConditionName,
        one,
        judge,
      ]),
    ),
    ...(is < was && federation.writes === federation.reads
      ? [['reads-whole', stage, readsWhole] as [ConditionName, Stage, Judge]]
      : []),
    ...(leaves(federation, from)
      ? Object.entries(BACK).map(([key, judge]): [ConditionName, Stage, Judge] => [
          key as ConditionName,
          stage,
          judge,
        ])
      : []),
  ];
  const told = new Set<ConditionName>();
  return judges.flatMap(([key, at, judge]) => {
    if (told.has(key)) return [];
    if (key === 'histories-whole' && !federation.covered.some(({ isHistory }) => isHistory)) return [];
    told.add(key);
    const found = judge(seen);
    const reason =
      federation.overrides[key] ??
      (overrides.has(`federation/${name}/${key}`) ? 'asked for with --override' : undefined);
    // Where nothing is recorded yet, the very plan that begins it brings what is needed to look.
    const state = found.state === 'unknown' && from === undefined ? 'noted' : found.state;
    const counts = (state === 'unmet' || state === 'unknown') && reason !== undefined;
    return [{ name: key, stage: at, seen: found.seen, state, ...(counts && { overridden: reason }) }];
  });
}
