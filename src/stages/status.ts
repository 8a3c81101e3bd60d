/** An estate and one of its federations go in; how its members stand, and what lets in the next stage, comes out. Nothing is changed. */
import { connect, type Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate, Node } from '../model/estate.ts';
import { type Federation, STAGES, type Stage, usualWriter } from '../model/federation.ts';
import type { FederationStatus, NodeStatus } from '../model/federation-status.ts';
import { conditionsOf } from './conditions.ts';
import { readEntered } from './record.ts';
import { type SeenNode, seeNode } from './seen.ts';

interface Looked {
  readonly status: NodeStatus;
  readonly seen?: SeenNode;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

async function look(node: Node, server: Server, federation: Federation, timeout: number): Promise<Looked> {
  const { name, cluster } = node;
  try {
    const seen = await seeNode(server, federation, timeout);
    const tables = seen.tables.map(({ path, rows, bytes, written }) => ({
      ...{ path, rows, bytes },
      ...(written > 0 && { written: iso(written) }),
    }));
    return { status: { node: name, cluster, version: seen.version, tables }, seen };
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { status: { node: name, cluster, tables: [], unreadable: error.message } };
  }
}

/** The stage to be entered next: the declared one, or the one behind it where that is entered. */
function nextStage({ stage }: Federation, entered: Stage | undefined): Stage {
  if (stage !== entered) return stage;
  return STAGES[STAGES.indexOf(stage) + 1] ?? stage;
}

/** The federation as it would be declared in the stage. */
function inStage(federation: Federation, stage: Stage): Federation {
  const isUsual = federation.writes === usualWriter(federation, federation.stage);
  return { ...federation, stage, ...(isUsual && { writes: usualWriter(federation, stage) }) };
}

/** `timeout` in milliseconds. Nodes that can't be read are told, and conditions are then left out. */
export async function federationStatus(
  estate: Estate,
  federation: Federation,
  timeout: number,
): Promise<FederationStatus> {
  const nodes = federation.members.flatMap(
    (member) => estate.clusters.find(({ name }) => name === member)?.nodes ?? [],
  );
  const servers = nodes.map((node) => ({ node, server: connect(node) }));
  try {
    const looked = await Promise.all(
      servers.map(({ node, server }) => look(node, server, federation, timeout)),
    );
    const first = servers.find(({ node }) => node.cluster === federation.reads);
    const isRead = looked.some(({ status, seen }) => status.node === first?.node.name && seen);
    const entered = first && isRead ? await readEntered(first.server, federation.name, timeout) : [];
    const from = entered[0]?.stage;
    const next = nextStage(federation, from);
    const seen = looked.flatMap((one) => one.seen ?? []);
    const asked = {
      federation: inStage(federation, next),
      from,
      nodes: seen,
      mismatches: [],
      exportBytes: 0,
    };
    const written = looked
      .flatMap(({ status: { node, cluster, tables } }) =>
        tables.map((table) => ({ node, cluster, at: table.written ?? '' })),
      )
      .sort((a, b) => (a.at < b.at ? 1 : -1))[0];
    return {
      ...{ federation: federation.name, declared: federation.stage, next },
      ...(from && { entered: from, since: entered[0]?.since ?? '' }),
      ...{ reads: federation.reads, writes: federation.writes, members: federation.members },
      nodes: looked.map(({ status }) => status),
      ...(written && written.at !== '' && { written }),
      conditions: seen.length < nodes.length ? [] : conditionsOf(asked, new Set()),
    };
  } finally {
    await Promise.all(servers.map(({ server }) => server.close()));
  }
}
