/** A table engine goes in; what it alters, what it knows by itself, and whether it can be tried out comes out. */
import { engineOf, isMergeTree, keepsSettings } from './table-engine.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Engines that hold no rows but the place in a stream up to which they have read: it goes with the table. */
const POSITIONS: ReadonlyMap<string, string> = new Map([
  ['S3Queue', 'the record of the files that were read'],
  ['AzureQueue', 'the record of the files that were read'],
  ['FileLog', 'the record of how far each file was read'],
  ['MaterializedPostgreSQL', 'the replication slot and all rows that were replicated'],
]);

/** What is lost with the table and can't be copied into another one; undefined where rows are all it holds. */
export function positionOf(engine: string): string | undefined {
  return POSITIONS.get(engineOf(engine).name);
}

/**
 * An Alias passes every ALTER on to its target, which has a declaration of its own, a QueryRunner writes more into its
 * definition; lakes and queues refuse them all.
 */
const UNALTERABLE = /^(Alias|QueryRunner|S3Queue|AzureQueue|Hudi|(Iceberg|DeltaLake|Paimon)\w*)$/;

export function altersComments(engine: string, of: 'table' | 'column'): boolean {
  const { name } = engineOf(engine);
  return !UNALTERABLE.test(name) && !(of === 'column' && name === 'Dictionary');
}

/** Settings that S3Queue and AzureQueue change, in both of their modes or in one. */
const OF_QUEUES = new Set(
  words(`
    loading_retries after_processing polling_min_timeout_ms polling_max_timeout_ms polling_backoff_ms
    max_processed_files_before_commit max_processed_rows_before_commit max_processed_bytes_before_commit
    max_processing_time_sec_before_commit list_objects_batch_size cleanup_interval_max_ms cleanup_interval_min_ms
    min_insert_block_size_rows_for_materialized_views min_insert_block_size_bytes_for_materialized_views
    use_persistent_processing_nodes persistent_processing_node_ttl_seconds after_processing_retries
    after_processing_move_uri after_processing_move_prefix after_processing_move_access_key_id
    after_processing_move_secret_access_key after_processing_move_connection_string after_processing_move_container
    after_processing_tag_key after_processing_tag_value commit_on_select deduplication_v2
    metadata_cache_size_bytes metadata_cache_size_elements`),
);
const OF_UNORDERED = new Set(
  words('processing_threads_num tracked_files_limit tracked_file_ttl_sec enable_hash_ring_filtering'),
);

/** Whether an engine other than MergeTree sets a setting of an existing table to a value; it resets none. */
export function setsSetting(
  engine: string,
  setting: string,
  settings: Readonly<Record<string, string>>,
): boolean {
  const { name } = engineOf(engine);
  if (!keepsSettings(engine)) return name === 'Memory' || name === 'EmbeddedRocksDB';
  const plain = setting.replace(/^s3queue_/, '');
  const mode = settings.mode ?? settings.s3queue_mode ?? "'ordered'";
  return OF_QUEUES.has(plain) || (/unordered/i.test(mode) ? OF_UNORDERED.has(plain) : plain === 'buckets');
}

/**
 * Engines that are harmless as temporary tables, and so those that a user who only plans may use. The others can't be temporary, ask a
 * server elsewhere (with the rights of the cluster's user, not of their own), write files, run programs, begin to consume, or come
 * back without their password; so may those that are not known.
 */
export const TEMPORARY_ENGINES: readonly string[] = words(`
  MergeTree ReplacingMergeTree SummingMergeTree AggregatingMergeTree CollapsingMergeTree VersionedCollapsingMergeTree
  CoalescingMergeTree GraphiteMergeTree
  Null Memory Log TinyLog StripeLog Set Join Merge Buffer GenerateRandom FuzzJSON FuzzQuery`);

const temporary = new Set(TEMPORARY_ENGINES);

export function canBeTemporary(engine: string): boolean {
  return temporary.has(engineOf(engine).name);
}

/** Engines that know no columns but those they are told. */
const TOLD = new Set(
  words(`
    Null Memory Log TinyLog StripeLog Set Join Kafka NATS RabbitMQ FileLog Dictionary EmbeddedRocksDB KeeperMap Redis
    Executable ExecutablePool GenerateRandom FuzzJSON FuzzQuery QueryRunner`),
);

/** Whether the server finds out the columns of a table that is created without; an engine that is not known may. */
export function findsColumns(engine: string): boolean {
  return !isMergeTree(engine) && !TOLD.has(engineOf(engine).name);
}

/** Engines of which the server makes up or follows the columns: nobody declares them. */
export function ownsColumns(engine: string): boolean {
  return /^(Alias|TimeSeries)$/.test(engineOf(engine).name);
}
