/** Every engine, type, codec and index that the server lists is walked over in the corpus, or accounted for here, with the reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootKind } from '../src/kinds/index.ts';
import type { Normaliser } from '../src/kinds/kind.ts';
import { secretPositions, secretPositionsOfSetting } from '../src/kinds/secret-positions.ts';
import { abilitiesByClass } from '../src/live/abilities.ts';
import { normaliserOf } from '../src/live/normalise.ts';
import { readFacts } from '../src/live/read.ts';
import type { Tree } from '../src/model/object.ts';
import { lazyRoot } from '../src/model/state.ts';
import { diffTrees } from '../src/plan/diff.ts';
import { fold } from '../src/plan/fold.ts';
import { missingFromRoundTrip } from '../src/plan/round-trip.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const KEEPER = 'needs a Keeper';
const LAKE = 'reads the lake while it is created';
const REPLICATED = 'needs a Keeper and replicas; see replicas.test.ts';
const CONFIG = 'needs a section in the configuration of the server';
const MISSING = 'not in this build';

const columns = (list = '`k` UInt64'): string => `CREATE TABLE d.t (${list})`;

/** Of each engine that can't be created here: why, the text that servers store, and what a new comment comes to. */
const BY_TEXT: Readonly<Record<string, readonly [reason: string, text: string, comment: string]>> = {
  ArrowFlight: [MISSING, `${columns()} ENGINE = ArrowFlight('h:1', 'orders', 'u', '[HIDDEN]')`, 'alter'],
  AzureBlobStorage: [
    'makes its container while it is created',
    `${columns()} ENGINE = AzureBlobStorage('http://h/a', 'c', 'x.csv', 'a', '[HIDDEN]', 'CSV')`,
    'alter',
  ],
  AzureQueue: [
    KEEPER,
    `${columns()} ENGINE = AzureQueue('http://h/a', 'c', '*', 'a', '[HIDDEN]', 'CSV') SETTINGS mode = 'ordered'`,
    'refuse',
  ],
  DeltaLake: [LAKE, `${columns()} ENGINE = DeltaLake('http://h/b/', 'id', '[HIDDEN]')`, 'replace'],
  DeltaLakeAzure: [
    LAKE,
    `${columns()} ENGINE = DeltaLakeAzure('http://h/a', 'c', 'x', 'a', 'x', 'Parquet')`,
    'replace',
  ],
  DeltaLakeS3: [LAKE, `${columns()} ENGINE = DeltaLakeS3('http://h/b/', 'id', '[HIDDEN]')`, 'replace'],
  ExternalDistributed: [
    MISSING,
    `${columns()} ENGINE = ExternalDistributed('MySQL', 'h:1', 'd', 't', 'u', '[HIDDEN]')`,
    'alter',
  ],
  FileLog: [
    'needs a folder of logs',
    `${columns()} ENGINE = FileLog('/logs', 'CSV') SETTINGS poll_timeout_ms = 100`,
    'alter',
  ],
  GraphiteMergeTree: [
    CONFIG,
    `${columns('`Path` String, `Time` DateTime, `Value` Float64, `Version` UInt32')} ENGINE = GraphiteMergeTree('rollup') ORDER BY (Path, Time) SETTINGS index_granularity = 8192`,
    'config',
  ],
  Iceberg: [LAKE, `${columns()} ENGINE = Iceberg('http://h/b/', 'id', '[HIDDEN]')`, 'rows'],
  IcebergAzure: [LAKE, `${columns()} ENGINE = IcebergAzure('http://h/a', 'c', 'x')`, 'rows'],
  IcebergHDFS: [LAKE, `${columns()} ENGINE = IcebergHDFS('hdfs://h/x')`, 'rows'],
  IcebergLocal: [
    'writes a lake while it is created',
    `${columns()} ENGINE = IcebergLocal('/lake') ORDER BY k`,
    'rows',
  ],
  IcebergS3: [LAKE, `${columns()} ENGINE = IcebergS3('http://h/b/', 'id', '[HIDDEN]')`, 'rows'],
  KeeperMap: [
    KEEPER,
    `${columns('`k` UInt64, `v` String')} ENGINE = KeeperMap('/orders') PRIMARY KEY k`,
    'alter',
  ],
  MaterializedPostgreSQL: [
    'begins to replicate while it is created',
    `${columns()} ENGINE = MaterializedPostgreSQL('h:1', 'd', 't', 'u', '[HIDDEN]') PRIMARY KEY k`,
    'alter',
  ],
  NATS: [
    MISSING,
    `${columns()} ENGINE = NATS SETTINGS nats_url = 'nats://u:[HIDDEN]@h', nats_subjects = 's', nats_format = 'CSV'`,
    'alter',
  ],
  Paimon: [LAKE, `${columns()} ENGINE = Paimon('http://h/b/', 'id', '[HIDDEN]')`, 'replace'],
  PaimonAzure: [LAKE, `${columns()} ENGINE = PaimonAzure('http://h/a', 'c', 'x')`, 'replace'],
  PaimonHDFS: [LAKE, `${columns()} ENGINE = PaimonHDFS('hdfs://h/x')`, 'replace'],
  PaimonLocal: [LAKE, `${columns()} ENGINE = PaimonLocal('/lake')`, 'replace'],
  PaimonS3: [LAKE, `${columns()} ENGINE = PaimonS3('http://h/b/', 'id', '[HIDDEN]')`, 'replace'],
  RabbitMQ: [
    MISSING,
    `${columns()} ENGINE = RabbitMQ SETTINGS rabbitmq_host_port = 'h:1', rabbitmq_exchange_name = 'e', rabbitmq_format = 'CSV', rabbitmq_password = '[HIDDEN]'`,
    'alter',
  ],
  S3Queue: [
    KEEPER,
    `${columns()} ENGINE = S3Queue('http://h/b/*', 'id', '[HIDDEN]', 'CSV') SETTINGS mode = 'unordered', loading_retries = 3`,
    'refuse',
  ],
};

/** Listed as table engines, and none of them. */
const NO_TABLES: Readonly<Record<string, string>> = {
  Loop: 'a table function only: the server creates no such table',
  MaterializedView: 'a kind of its own',
  View: 'a kind of its own',
  WindowView: 'not understood, left alone; import writes it as raw text',
};

const DATABASES_BY_TEXT: Readonly<Record<string, readonly [reason: string, engine: string]>> = {
  Backup: ['needs a backup', "Backup('shop', Disk('backups', 'shop.zip'))"],
  DataLakeCatalog: [
    'asks the catalog while it is created',
    "DataLakeCatalog('http://h/v1', 'u', '[HIDDEN]')",
  ],
  MaterializedPostgreSQL: [
    'begins to replicate while it is created',
    "MaterializedPostgreSQL('h:1', 'd', 'u', '[HIDDEN]')",
  ],
  MySQL: ['asks the server behind it while it is created', "MySQL('h:1', 'd', 'u', '[HIDDEN]')"],
  Ordinary: ['deprecated, and switched off', 'Ordinary'],
  PostgreSQL: [
    'keeps asking the server behind it; see abilities.test.ts',
    "PostgreSQL('h:1', 'd', 'u', '[HIDDEN]', 'public', 1)",
  ],
  Replicated: [KEEPER, "Replicated('/databases/shop', '{shard}', '{replica}')"],
};

const CORPUS = join(import.meta.dirname, 'corpus');
const corpus = readdirSync(CORPUS).flatMap((name) =>
  ['before.yaml', 'after.yaml'].map((file) => readFileSync(join(CORPUS, name, file), 'utf8')),
);
const documents = corpus.flatMap((text) => text.split(/^---$/m));

/** Whether a document of this kind has an engine of this name; a table that names none is a MergeTree. */
const isInCorpus = (kind: string, engine: string): boolean =>
  documents.some((text) => {
    const named = /^engine: ["']?(\w+)/m.exec(text)?.[1] ?? (kind === 'Table' ? 'MergeTree' : 'Atomic');
    return text.includes(`kind: ${kind}\n`) && named === engine;
  });

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

async function listed(table: string): Promise<string[]> {
  const rows = await estate.sql[0]?.rows<[string]>(`SELECT name FROM system.${table} ORDER BY name`);
  return (rows ?? []).map(([name]) => name);
}

const ID = { kind: 'table', path: ['d', 't'] };

async function normaliser(): Promise<Normaliser> {
  const [server] = estate.sql;
  if (!server) throw new Error('the estate has no server');
  const facts = await readFacts(server, 10_000);
  return normaliserOf(server, facts, [], abilitiesByClass()('', server), { as: 'plain' });
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A reference in the place of each hidden piece, as a declaration has it. */
function declaredLike({ root, parts }: Tree): Tree {
  const refer = (text: string): string => text.replaceAll('[HIDDEN]', '{secret:X}');
  const { engine, settings } = root.attributes;
  const attributes = {
    ...root.attributes,
    engine: refer(String(engine)),
    settings: Object.fromEntries(Object.entries(settings ?? {}).map(([name, value]) => [name, refer(value)])),
  };
  return { root: { ...root, attributes }, parts };
}

/** What a new comment comes to: an ALTER, a new table, a copy of the rows, or nothing. */
function whatCommentTakes(live: Tree): string {
  const desired = {
    ...live,
    root: { ...live.root, attributes: { ...live.root.attributes, comment: 'new' } },
  };
  const difference = diffTrees(live, desired);
  if (difference.replaces) return 'replace';
  const { statements } = fold(live.root.id, difference.drafts);
  return statements.length === 1 && statements[0]?.includes('MODIFY COMMENT') ? 'alter' : 'refuse';
}

test('every table engine', async () => {
  const engines = await listed('table_engines');
  const plain = engines.filter((name) => !/^Replicated/.test(name) && !(name in NO_TABLES));
  expect(plain.filter((name) => !isInCorpus('Table', name) && !(name in BY_TEXT))).toEqual([]);
  const inCorpus = plain.filter((name) => isInCorpus('Table', name));
  say(
    `table engines: ${engines.length} listed, ${inCorpus.length} walked over in the corpus; by their text alone:`,
  );
  for (const [name, [reason]] of Object.entries(BY_TEXT)) say(`  ${name}: ${reason}`);
  say(`  ${engines.filter((name) => /^Replicated/.test(name)).length} Replicated…: ${REPLICATED}`);
  for (const [name, reason] of Object.entries(NO_TABLES)) say(`  ${name}: ${reason}`);
});

test.each(Object.entries(BY_TEXT))(
  '%s is read, compared and written back by its text',
  async (_, [, text, comment]) => {
    const kind = rootKind('table');
    const root = lazyRoot(ID, text, () => kind.parse({ id: ID, statement: text }));
    expect(missingFromRoundTrip(root)).toBeUndefined();
    const declared = declaredLike(root.tree());
    if (comment === 'config') return;
    const desired = await kind.normalise(declared, await normaliser());
    expect(diffTrees(root.tree(), desired).changes).toEqual([]);
    expect(JSON.stringify(desired)).not.toContain('[HIDDEN]');
    const hidden = text.split('[HIDDEN]').length - 1;
    const { engine, settings } = root.tree().root.attributes;
    const known = [
      ...secretPositions(String(engine)),
      ...Object.entries(settings ?? {}).flatMap(([name, value]) => secretPositionsOfSetting(name, value)),
    ];
    expect(known.filter(({ masked }) => masked).length).toBe(hidden);
    expect(whatCommentTakes(root.tree())).toBe(comment === 'rows' ? 'refuse' : comment);
  },
);

test('a disk that is defined in place is never asked about, and keeps its secrets', async () => {
  const asked =
    "disk(type = s3, endpoint = 'http://h/b/', access_key_id = 'id', secret_access_key = '{secret:X}')";
  const shown =
    "disk(type = s3, endpoint = '[HIDDEN]', access_key_id = '[HIDDEN]', secret_access_key = '[HIDDEN]')";
  const text = `${columns()} ENGINE = MergeTree ORDER BY k SETTINGS disk = ${shown}, index_granularity = 8192`;
  const kind = rootKind('table');
  const live = kind.parse({ id: ID, statement: text });
  const { settings } = live.root.attributes;
  const attributes = { ...live.root.attributes, settings: { ...(settings as object), disk: asked } };
  const desired = await kind.normalise({ ...live, root: { ...live.root, attributes } }, await normaliser());
  expect(diffTrees(live, desired).changes).toEqual([]);
  expect(desired.root.attributes.settings).toMatchObject({ disk: asked });
});

test('a queue changes the settings that it can, and keeps those that nobody declares', () => {
  const kind = rootKind('table');
  const text = BY_TEXT.S3Queue?.[1] ?? '';
  const live = kind.parse({ id: ID, statement: text });
  const desired = (settings: Record<string, string>): Tree => ({
    ...live,
    root: { ...live.root, attributes: { ...live.root.attributes, settings } },
  });
  const fate = (settings: Record<string, string>): unknown => {
    const { changes, drafts } = diffTrees(live, desired(settings));
    return changes.length === 0 ? 'nothing' : fold(ID, drafts).statements;
  };
  expect(fate({ mode: "'unordered'" })).toBe('nothing');
  expect(fate({ s3queue_mode: "'unordered'", s3queue_loading_retries: '3' })).toBe('nothing');
  expect(fate({ mode: "'unordered'", loading_retries: '5', tracked_files_limit: '10' })).toEqual([
    'ALTER TABLE `d`.`t` MODIFY SETTING loading_retries = 5, tracked_files_limit = 10',
  ]);
  expect(fate({ mode: "'ordered'" })).toEqual([]);
});

test('every database engine', async () => {
  const engines = await listed('database_engines');
  expect(engines.filter((name) => !isInCorpus('Database', name) && !(name in DATABASES_BY_TEXT))).toEqual([]);
  say(`database engines: ${engines.length} listed; by their text alone:`);
  const kind = rootKind('database');
  for (const [name, [reason, engine]] of Object.entries(DATABASES_BY_TEXT)) {
    say(`  ${name}: ${reason}`);
    const id = { kind: 'database', path: ['d'] };
    const statement = `CREATE DATABASE \`d\` ENGINE = ${engine} SETTINGS a = 1 COMMENT 'c'`;
    const root = lazyRoot(id, statement, () => kind.parse({ id, statement }));
    expect(missingFromRoundTrip(root), name).toBeUndefined();
    expect(diffTrees(root.tree(), declaredLike(root.tree())).changes, name).toEqual([]);
  }
});

test('every type, codec and index', async () => {
  const text = corpus.join('\n');
  const without: Readonly<Record<string, readonly string[]>> = {
    // No column can be of nothing; AES needs keys; Multiple is what a list is called.
    data_type_families: ['Nothing'],
    codecs: ['AES_128_GCM_SIV', 'AES_256_GCM_SIV', 'Multiple'],
    data_skipping_index_types: ['hypothesis'],
  };
  for (const [table, exempt] of Object.entries(without)) {
    const names = await listed(table);
    const isThere = (name: string): boolean => new RegExp(`[ ,({"']${name}\\b`).test(text);
    expect(
      names.filter((name) => !exempt.includes(name) && !isThere(name)),
      table,
    ).toEqual([]);
    say(
      `${table}: ${names.length} listed, ${names.length - exempt.length} in the corpus, not ${exempt.join(', ')}`,
    );
  }
});
