/** A compared table goes in; which of its partitions are to be repaired and how, and why others are not, comes out. */
import type { Storage } from '../kinds/storage.ts';
import { writeStorage } from '../kinds/storage.ts';
import type { Tree } from '../model/object.ts';
import type { ComparedContent, CopyFrom, Repair } from '../model/repair.ts';
import { comparedTable } from './compared-table.ts';
import type { Content, PartitionComparison, PartSet, TableComparison } from './comparison.ts';
import { questionOf } from './question.ts';
import { ANY_MOMENT, stagingOf } from './repair-sql.ts';

/** Of the passive site's server. */
export interface Replaceable {
  /** Bytes of the largest partition that may be dropped, and so replaced; 0 where any may. */
  readonly maxBytes: number;
  /** Whether replicas share the files of parts unless a table says otherwise. */
  readonly zeroCopy: boolean;
}

export interface RepairScope {
  readonly pair: string;
  /** The node of the active site. */
  readonly source: string;
  readonly from: CopyFrom;
  /** Bytes of the largest table without a partition key that is copied as a whole. */
  readonly wholeTableBytes: number;
  readonly replaceable: Replaceable;
  /** Ids of partitions whose swap a kill cut short. */
  readonly cutShort?: ReadonlySet<string>;
}

/** Why a partition that differs is not repaired. */
export type PlanRefusal =
  | 'too large to replace'
  | 'zero-copy replication'
  | 'whole table'
  | 'beyond the limits';

export interface PlannedRepair {
  readonly path: readonly string[];
  readonly repair: Repair;
  /** Rows and bytes that are copied, as they lie on the active site's disk. */
  readonly rows: number;
  readonly bytes: number;
  /** Of the whole partition on the active site. */
  readonly whole: Pick<PartSet, 'bytes' | 'parts'>;
}

export interface RefusedRepair {
  readonly path: readonly string[];
  readonly partition: string;
  readonly refusal: PlanRefusal;
  readonly reason: string;
  readonly bytes: number;
}

/** Cloning and exchanging rows costs less than copying all up to this share of a partition's rows. */
const MOST_REPLACED = 0.25;

/** Characters of a condition. ClickHouse takes statements of 256 KiB, and this one stands in several places. */
const LONGEST = 100_000;

const NONE: Content = { rows: 0, digest: '' };

const contentOf = (parts: PartSet | undefined, { rows, digest }: Content = NONE): ComparedContent => ({
  fingerprint: parts?.fingerprint ?? '',
  rows,
  digest,
});

/** Where the differing rows are; undefined where all rows are to be copied. */
function pieceOf(
  compared: PartitionComparison,
  { final }: Repair,
  tree: Tree,
): { readonly where: string; readonly rows: number } | undefined {
  const { differences, active, passiveParts } = compared;
  // A merging engine's rows stand for others that a condition on theirs may not find; a lightweight delete breaks projections.
  const isPlain = !final && !tree.parts.some(({ id }) => id.kind === 'projection');
  if (!isPlain || !passiveParts || differences.length === 0 || !active) return undefined;
  const rows = differences.reduce((sum, one) => sum + one.active.rows, 0);
  const removed = differences.reduce((sum, one) => sum + one.passive.rows, 0);
  if (Math.max(rows, removed) > active.rows * MOST_REPLACED) return undefined;
  const where = differences.map((one) => `(${one.where})`).join(' OR ');
  return where.length > LONGEST ? undefined : { where, rows };
}

export function repairOf(tree: Tree, compared: PartitionComparison, scope: RepairScope): Repair {
  const table = comparedTable(tree);
  const question = questionOf(table);
  const { pair, source, from } = scope;
  const { partition, activeParts, passiveParts } = compared;
  const storage = tree.root.attributes as Storage;
  // A row that deletes others is not seen by readers, and must come along all the same.
  const deletes = table.engine.name === 'ReplacingMergeTree' && table.engine.parameters.length > 1;
  const keys = question.key.map(({ expression }) => expression).join(', ');
  const isKnown = compared.verdict === 'missing on passive' || compared.passiveOnlyRows !== undefined;
  return {
    ...{ pair, source, from, partition, staging: stagingOf(table.path, partition) },
    atOnce: 1,
    storage: writeStorage({ ...storage, replication: undefined }),
    columns: table.columns.map(({ name }) => name),
    row: question.row(ANY_MOMENT),
    alive: question.alive(ANY_MOMENT),
    final: question.final,
    merged: question.final && !deletes,
    ...(!isKnown && { key: keys === '' ? '0' : `cityHash64(tuple(${keys}))` }),
    active: contentOf(activeParts, compared.active),
    passive: contentOf(passiveParts, compared.passive),
  };
}

function refusalOf(
  tree: Tree,
  { passiveParts, activeParts }: PartitionComparison,
  isWhole: boolean,
  { replaceable, wholeTableBytes }: RepairScope,
): Pick<RefusedRepair, 'refusal' | 'reason'> | undefined {
  const { settings, partitionBy } = tree.root.attributes as Storage;
  const zeroCopy = settings.allow_remote_fs_zero_copy_replication;
  if (zeroCopy === undefined ? replaceable.zeroCopy : !/^'?(?:0|false)'?$/.test(zeroCopy)) {
    const reason =
      'replicas share the files of its parts, and a partition that is replaced may take those of others along';
    return { refusal: 'zero-copy replication', reason };
  }
  const { maxBytes } = replaceable;
  const replaced = passiveParts?.bytes ?? 0;
  if (maxBytes > 0 && replaced > maxBytes) {
    const reason = `it has ${replaced} bytes on the passive site, whose max_partition_size_to_drop is ${maxBytes}`;
    return { refusal: 'too large to replace', reason };
  }
  const bytes = activeParts?.bytes ?? 0;
  if (partitionBy === undefined && isWhole && bytes > wholeTableBytes) {
    const reason = `the table has no partition key, and all of its ${bytes} bytes would be copied at once`;
    return { refusal: 'whole table', reason };
  }
  return undefined;
}

function planRepair(
  path: readonly string[],
  tree: Tree,
  compared: PartitionComparison,
  scope: RepairScope,
): PlannedRepair | RefusedRepair {
  const base = repairOf(tree, compared, scope);
  const piece = pieceOf(compared, base, tree);
  const refused = refusalOf(tree, compared, piece === undefined, scope);
  const { bytes = 0, parts = 0 } = compared.activeParts ?? {};
  const { partition } = compared;
  if (refused) return { path, partition, bytes, ...refused };
  if (scope.cutShort?.has(partition))
    return { path, repair: { ...base, finish: true }, rows: 0, bytes: 0, whole: { bytes, parts } };
  const all = compared.active?.rows ?? 0;
  return {
    path,
    repair: piece ? { ...base, where: piece.where } : base,
    rows: piece?.rows ?? all,
    bytes: piece ? Math.ceil((bytes * piece.rows) / Math.max(all, 1)) : bytes,
    whole: { bytes, parts },
  };
}

/** The partitions of a table that differ, are missing on the passive site, or were cut short; all other verdicts are nobody's to repair. */
export function planRepairs(
  { path, partitions }: TableComparison,
  tree: Tree,
  scope: RepairScope,
): readonly (PlannedRepair | RefusedRepair)[] {
  return partitions
    .filter(
      ({ verdict, partition }) =>
        verdict === 'different' || verdict === 'missing on passive' || scope.cutShort?.has(partition),
    )
    .map((compared) => planRepair(path, tree, compared, scope));
}
