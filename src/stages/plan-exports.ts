/** A federation whose other members leave, and its nodes, go in; the steps that bring their rows back come out, and what keeps tables from it. */
import { comparedTable, structureDifferences } from '../dr/compared-table.ts';
import type { PartSet } from '../dr/comparison.ts';
import { NotComparable } from '../dr/digest-expression.ts';
import { readPartSets, type TableParts } from '../dr/part-sets.ts';
import { repairOf } from '../dr/plan-repairs.ts';
import { questionOf } from '../dr/question.ts';
import type { MemberNode } from '../federation/check-structure.ts';
import { type Storage, writeStorage } from '../kinds/storage.ts';
import type { Server } from '../live/server.ts';
import { fitsTable } from '../model/dr-pair.ts';
import type { Cluster, Node } from '../model/estate.ts';
import type { Federation } from '../model/federation.ts';
import { pathKey, showPath, type Tree } from '../model/object.ts';
import type { Export, Share } from '../model/stage.ts';
import type { Step } from '../model/step.ts';
import { digest } from '../plan/fingerprint.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { exportRecipe, exportStaging, STILL } from './export-sql.ts';
import { entryOf, type LedgerEntry, readLedger } from './ledger.ts';

export interface ExportScope {
  readonly federation: Federation;
  /** When the other members came to be read. */
  readonly since: string;
  readonly clusters: readonly Cluster[];
  readonly members: readonly MemberNode[];
  readonly servers: ReadonlyMap<string, Server>;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface PlannedExports {
  /** By node. */
  readonly steps: ReadonlyMap<string, readonly Step[]>;
  readonly mismatches: readonly string[];
  /** Of what is still to be copied. */
  readonly bytes: number;
}

/** The first node of each shard. */
function firstNodes({ nodes }: Cluster): Node[] {
  return nodes.filter(({ shard }, at) => nodes.findIndex((one) => one.shard === shard) === at);
}

/** Why the table's rows can't come back; undefined where they can. */
function mismatch(source: Tree | undefined, target: Tree | undefined): string | undefined {
  if (!target) return 'the reading cluster has no such table';
  if (!source) return undefined;
  try {
    const [a, b] = [comparedTable(source), comparedTable(target)];
    questionOf(b);
    const differences = structureDifferences(a, b);
    if (differences.length > 0)
      return `${differences.join('; ')} (the member that leaves, then the one that reads)`;
    if (target.root.attributes.replication !== undefined)
      return 'it is replicated, and rows are brought back into plain tables only';
    return undefined;
  } catch (error) {
    if (error instanceof NotComparable || error instanceof ParseError || error instanceof TokenError)
      return error.message;
    throw error;
  }
}

/** Rows of one sorting key go to one shard, where the engine may merge them. */
function shareOf(federation: Federation, tree: Tree, at: number, shards: number): Share | undefined {
  if (shards === 1) return undefined;
  const { path } = tree.root.id;
  const declared = Object.entries(federation.shardBy).find(([pattern]) => fitsTable(pattern, path))?.[1];
  const { orderBy } = comparedTable(tree);
  const key = orderBy.length > 0 ? `cityHash64(${orderBy.join(', ')})` : '0';
  return { number: `ifNull(positiveModulo(${declared ?? key}, ${shards}), 0)`, at, shards };
}

interface Piece {
  readonly path: readonly string[];
  readonly order: Omit<Export, 'act'>;
  readonly parts: PartSet;
  readonly shards: number;
}

function stepOf({ path, order, parts, shards }: Piece, act: Export['act'], { place }: Federation): Step {
  const { partition, source } = order.copy;
  const object = { kind: 'partition', path: [...path, partition, source] };
  const one: Export = { ...order, act };
  const to = act === 'copy' ? `copied beside the table and proven` : 'shown to readers';
  return {
    action: act === 'copy' ? 'create' : 'alter',
    object,
    statements: exportRecipe(path, one),
    export: one,
    verdict: 'mutation',
    hazards: [],
    changes: [
      {
        action: act === 'copy' ? 'create' : 'alter',
        object,
        attributes: [{ name: `rows of ${source}`, to }],
        ...(place && { place }),
      },
    ],
    refusals: [],
    // What a shard gets is counted when it is copied.
    impact: {
      rows: Math.ceil(parts.storedRows / shards),
      bytes: Math.ceil(parts.bytes / shards),
      parts: parts.parts,
    },
    phase: act === 'copy' ? 1 : 3,
    ...(place && { place }),
    fingerprint: digest(JSON.stringify([order.since, act])),
  };
}

const paths = ({ covered }: Federation): (readonly string[])[] => covered.map(({ path }) => path);

/** Names of the tables beside others in which something may still stand. */
async function readStagings(server: Server): Promise<ReadonlySet<string>> {
  const rows = await server.rows<[string]>(
    `SELECT name FROM system.tables WHERE database = 'plumbline' AND startsWith(name, 'export_')`,
  );
  return new Set(rows.map(([name]) => name));
}

function acts(entry: LedgerEntry | undefined, staging: boolean, fingerprint: string): Export['act'][] {
  if (entry?.state === 'attaching') return ['attach'];
  if (entry?.state === 'attached') return staging ? ['attach'] : [];
  return entry && staging && entry.fingerprint === fingerprint ? ['attach'] : ['copy', 'attach'];
}

interface Target {
  readonly node: string;
  /** Which of the shards it is, counted from 0, and of how many. */
  readonly at: number;
  readonly shards: number;
  readonly entries: readonly LedgerEntry[];
  readonly stagings: ReadonlySet<string>;
}

interface Source {
  readonly node: string;
  readonly shard: number;
  readonly cluster: string;
  readonly sets: ReadonlyMap<string, TableParts>;
}

async function readTargets(scope: ExportScope, reading: Cluster): Promise<Target[]> {
  const { federation, since, servers, timeout } = scope;
  const nodes = firstNodes(reading);
  const targets = await Promise.all(
    nodes.map(async ({ name: node }, at) => {
      const server = servers.get(node);
      if (!server) return [];
      const [entries, stagings] = await Promise.all([
        readLedger(server, federation.name, since, timeout),
        readStagings(server),
      ]);
      return [{ node, at, shards: nodes.length, entries, stagings }];
    }),
  );
  return targets.flat();
}

async function readSources({ federation, clusters, servers }: ExportScope): Promise<Source[]> {
  const leaving = clusters.filter(
    ({ name }) => name !== federation.reads && federation.members.includes(name),
  );
  const sources = await Promise.all(
    leaving.flatMap(firstNodes).map(async ({ name: node, shard, cluster }) => {
      const server = servers.get(node);
      if (!server) return [];
      return [{ node, shard, cluster, sets: await readPartSets(server, paths(federation)) }];
    }),
  );
  return sources.flat();
}

/** What is left to do for a table of a source on one node. */
function tablePieces(
  { federation, since }: ExportScope,
  path: readonly string[],
  source: Source,
  target: Target,
  tree: Tree,
): { readonly piece: Piece; readonly acts: readonly Export['act'][] }[] {
  const found = source.sets.get(pathKey(path))?.partitions ?? new Map<string, PartSet>();
  const share = shareOf(federation, tree, target.at, target.shards);
  return [...found]
    .filter(([, { storedRows }]) => storedRows > 0)
    .map(([partition, parts]) => {
      const staging = exportStaging(path, source.node, partition, since);
      const copy = repairOf(
        tree,
        { partition, ...UNCOMPARED },
        {
          ...{ pair: federation.name, source: source.node, ...UNLIMITED },
          from: { cluster: source.cluster, shard: source.shard },
        },
      );
      const order = {
        ...{ federation: federation.name, since },
        copy: { ...copy, staging, merged: false, storage: stillStorage(tree) },
        ...(share !== undefined && { share }),
      };
      const entry = entryOf(target.entries, path, order.copy);
      return {
        piece: { path, order, parts, shards: target.shards },
        acts: acts(entry, target.stagings.has(staging), parts.fingerprint),
      };
    });
}

/** That of the table, in which parts stay apart. */
function stillStorage({ root }: Tree): string {
  const storage = root.attributes as Storage;
  return writeStorage({ ...storage, replication: undefined, settings: { ...storage.settings, ...STILL } });
}

/** Nobody else has the rows, so that there is nothing to compare them with. */
const UNCOMPARED = {
  verdict: 'missing on passive',
  reason: '',
  differences: [],
  remembered: false,
} as const;

const UNLIMITED = {
  ...{ wholeTableBytes: Number.POSITIVE_INFINITY, replaceable: { maxBytes: 0, zeroCopy: false } },
} as const;

export async function planExports(scope: ExportScope): Promise<PlannedExports> {
  const { federation, clusters, members } = scope;
  const reading = clusters.find(({ name }) => name === federation.reads);
  if (!reading) return { steps: new Map(), mismatches: [], bytes: 0 };
  const [targets, sources] = await Promise.all([readTargets(scope, reading), readSources(scope)]);
  const treeOn = (node: string, path: readonly string[]): Tree | undefined =>
    members
      .find((one) => one.node === node)
      ?.at(pathKey(path))
      ?.tree();
  const mismatches = new Set<string>();
  if (reading.engines.as === 'plain' && firstNodes(reading).length < reading.nodes.length)
    mismatches.add(
      `${reading.name} has plain tables on several replicas, and rows are brought back to one of each shard only`,
    );
  const pieces = paths(federation).flatMap((path) =>
    sources.flatMap((source) =>
      targets.flatMap((target) => {
        if ((source.sets.get(pathKey(path))?.partitions.size ?? 0) === 0) return [];
        const tree = treeOn(target.node, path);
        const why = mismatch(treeOn(source.node, path), tree);
        if (why !== undefined)
          mismatches.add(`${showPath(path)} of ${source.node} can't come back to ${target.node}: ${why}`);
        if (why !== undefined || !tree) return [];
        return tablePieces(scope, path, source, target, tree).map((one) => ({ node: target.node, ...one }));
      }),
    ),
  );
  const steps = new Map<string, Step[]>();
  for (const { node, piece, acts } of pieces)
    steps.set(node, [...(steps.get(node) ?? []), ...acts.map((act) => stepOf(piece, act, federation))]);
  const copied = pieces.filter(({ acts }) => acts.includes('copy'));
  const bytes = copied.reduce((all, { piece: { parts, shards } }) => all + parts.bytes / shards, 0);
  return { steps, mismatches: [...mismatches], bytes: Math.ceil(bytes) };
}
