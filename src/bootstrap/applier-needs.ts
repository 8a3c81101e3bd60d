/** An estate and one of its clusters go in; what a user needs there who applies, loads and repairs comes out. */
import { rootKind } from '../kinds/index.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import { mentionsIn } from '../plan/mentions-in.ts';
import { identifier, qualified } from '../sql/quote.ts';
import { accessNeeds, definerNeeds } from './access-needs.ts';
import { comparedTables } from './compared-tables.ts';
import { databasesOn, declaredOn, everythingIn, type Need, on, tidy } from './need.ts';
import { outsideNeeds } from './outside-needs.ts';
import { plannerNeeds } from './planner-needs.ts';

/** The lock, the journal, records of rebuilds and loads, kept checks, and partitions that are put together. */
const OWN = [
  ...['CREATE DATABASE', 'CREATE TABLE', 'DROP TABLE', 'SELECT', 'INSERT'],
  ...['ALTER ADD COLUMN', 'ALTER DROP COLUMN'],
];

const OBJECTS = [
  ...['CREATE DATABASE', 'DROP DATABASE', 'ALTER DATABASE'],
  ...['CREATE TABLE', 'DROP TABLE', 'CREATE VIEW', 'DROP VIEW', 'CREATE DICTIONARY', 'DROP DICTIONARY'],
  ...[
    'ALTER COLUMN',
    'ALTER INDEX',
    'ALTER STATISTICS',
    'ALTER PROJECTION',
    'ALTER CONSTRAINT',
    'ALTER VIEW',
  ],
  ...['ALTER ORDER BY', 'ALTER SAMPLE BY', 'ALTER TTL', 'ALTER SETTINGS', 'ALTER MODIFY COMMENT'],
];

/** Rebuilds copy rows into a table beside the old one; views and queries are tried out when they are made. */
const ROWS = ['SELECT', 'INSERT', 'ALTER MOVE PARTITION', 'ALTER DELETE'];
const HOLDS = [
  ...[
    'SYSTEM MERGES',
    'SYSTEM TTL MERGES',
    'SYSTEM VIEWS',
    'SYSTEM FLUSH DISTRIBUTED',
    'SYSTEM SYNC REPLICA',
  ],
  'dictGet',
];

const BESIDE: Readonly<Record<string, readonly string[]>> = {
  function: ['CREATE FUNCTION, DROP FUNCTION ON *.*'],
  workload: ['CREATE WORKLOAD, DROP WORKLOAD ON *.*'],
  resource: ['CREATE RESOURCE, DROP RESOURCE ON *.*'],
};

/** Databases without declaration from which declared views read, or into which they write. */
function readElsewhere(estate: Estate, cluster: Cluster): string[] {
  const own = new Set(databasesOn(estate, cluster));
  const statements = declaredOn(estate, cluster, 'view', 'materialized view').flatMap(({ tree }) => {
    const draft = rootKind(tree.root.id.kind).create(tree);
    return 'statements' in draft ? draft.statements : [];
  });
  return statements.flatMap((text) => {
    const mentions = mentionsIn(text);
    return mentions.flatMap(({ path }, at) => {
      const behind = mentions[at - 1];
      const [database = ''] = path;
      const isRead = path.length === 2 && behind?.sure === true && behind.path[0] === database;
      return isRead && !own.has(database) ? [`SELECT ON ${qualified(path)}`] : [];
    });
  });
}

function collectionRights(estate: Estate, cluster: Cluster): string[] {
  const privileges = ['CREATE', 'ALTER', 'DROP', 'SHOW'].map(
    (word) => `${word} NAMED COLLECTION${word === 'SHOW' ? 'S' : ''}`,
  );
  return declaredOn(estate, cluster, 'named collection').flatMap(({ tree }) =>
    on([...privileges, 'NAMED COLLECTION'], tree.root.id.path.map(identifier)),
  );
}

export function applierNeeds(estate: Estate, cluster: Cluster): Need[] {
  const databases = databasesOn(estate, cluster).map(everythingIn);
  const compared = comparedTables(estate, cluster);
  const kinds = Object.keys(BESIDE).filter((kind) => declaredOn(estate, cluster, kind).length > 0);
  return tidy([
    ...plannerNeeds(estate, cluster),
    {
      why: "to keep the lock, the journal and what else is Plumbline's own",
      rights: on(OWN, ['plumbline.*']),
    },
    { why: 'to make what is declared in these databases', rights: on(OBJECTS, databases) },
    {
      why: 'to rebuild tables, to make views, to load, to remove versions that ended',
      rights: on(ROWS, databases),
    },
    {
      why: 'to write out what tables buffer, to merge histories before versions are removed or behind a load',
      rights: on(['OPTIMIZE'], databases),
    },
    { why: 'to hold merges, views and queues still while a table is changed', rights: on(HOLDS, databases) },
    { why: 'to make views that read these', rights: readElsewhere(estate, cluster) },
    {
      why: 'to wait for what is under way, and to show how far it is',
      rights: [
        'SELECT(query_id, query_kind, is_initial_query, interface, read_rows, read_bytes, written_rows) ON system.processes',
        'SELECT ON system.events',
      ],
    },
    { why: 'to make what stands beside the databases', rights: kinds.flatMap((kind) => BESIDE[kind] ?? []) },
    { why: 'to make the declared named collections', rights: collectionRights(estate, cluster) },
    ...outsideNeeds(estate, cluster),
    definerNeeds(estate, cluster),
    ...(compared.length > 0
      ? [
          {
            why: 'to repair partitions of pairs',
            rights: [
              ...on(['ALTER DELETE', 'ALTER UPDATE', 'ALTER SETTINGS'], ['plumbline.*']),
              ...on(['SELECT', 'INSERT', 'ALTER DELETE'], compared),
            ],
          },
        ]
      : []),
    ...(cluster.files && cluster.files.reload === 'config'
      ? [
          {
            why: 'to have servers read delivered files',
            rights: ['SYSTEM RELOAD CONFIG, SYSTEM RELOAD USERS ON *.*'],
          },
        ]
      : []),
    ...accessNeeds(estate, cluster),
  ]);
}
