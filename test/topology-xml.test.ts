/** The topology as a file: what a server reads from it is what was meant, whatever is called what. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { freePorts } from '../src/embedded/free-ports.ts';
import { startServer } from '../src/embedded/server.ts';
import { compareTopology, showDifference } from '../src/federation/compare-topology.ts';
import { remoteClusters } from '../src/federation/remote-clusters.ts';
import { topologyXml } from '../src/federation/topology-xml.ts';
import { readTopology } from '../src/live/read-topology.ts';
import type { Cluster, Estate, Node, Peer } from '../src/model/estate.ts';
import type { Federation, Stage } from '../src/model/federation.ts';
import { CONFIG_FILE } from '../src/model/node-file.ts';
import type { RemoteCluster } from '../src/model/topology.ts';
import { connectLocal } from './support/connect-local.ts';
import { size } from './support/size.ts';

const SEED = 20261120;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === 'shard' || name === 'replica',
});

const text = fc.string({ minLength: 1, maxLength: 20 }).filter((one) => one.trim() === one && one !== '');
const peer: fc.Arbitrary<Peer> = fc.record(
  { host: text, port: fc.integer({ min: 1, max: 65535 }), secure: fc.boolean(), user: text, password: text },
  { requiredKeys: ['host', 'port', 'secure'] },
);
const cluster: fc.Arbitrary<RemoteCluster> = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/),
    secret: text,
    shards: fc.array(
      fc.record({
        internalReplication: fc.boolean(),
        replicas: fc.array(peer, { minLength: 1, maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  },
  { requiredKeys: ['name', 'shards'] },
);

function parsed(one: RemoteCluster, xml: string): unknown {
  const servers = parser.parse(xml).clickhouse.remote_servers;
  const read = Object.hasOwn(servers, one.name) ? servers[one.name] : undefined;
  const named = (value: { '@from_env': string } | undefined) => value?.['@from_env'];
  return {
    name: one.name,
    ...(read.secret && { secret: named(read.secret) }),
    shards: read.shard.map((shard: { internal_replication: string; replica: Record<string, never>[] }) => ({
      internalReplication: shard.internal_replication === 'true',
      replicas: shard.replica.map(({ host, port, secure, user, password }) => ({
        host,
        port: Number(port),
        secure: secure === '1',
        ...(user !== undefined && { user: named(user) }),
        ...(password !== undefined && { password: named(password) }),
      })),
    })),
  };
}

describe('the file', () => {
  test('holds any host and name of a variable as it is', () => {
    const clusters = fc.uniqueArray(cluster, { minLength: 1, maxLength: 3, selector: ({ name }) => name });
    fc.assert(
      fc.property(clusters, (all) => {
        const xml = topologyXml(all);
        for (const one of all) expect(parsed(one, xml)).toEqual(one);
        expect(topologyXml(all)).toBe(xml);
      }),
      { seed: SEED, numRuns: size(300, 5000) },
    );
  });

  test('is read by a real server as it is meant, over what its own configuration says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plumbline-topology-'));
    const [httpPort = 0, nativePort = 0] = await freePorts(2);
    const here: Peer = { host: '127.0.0.1', port: nativePort, secure: false };
    const clusters: RemoteCluster[] = [
      { name: 'own', shards: [{ internalReplication: true, replicas: [here] }] },
      {
        name: 'with-dash_1',
        secret: 'PLUMBLINE_TEST_SECRET',
        shards: [
          { internalReplication: false, replicas: [here, { ...here, host: '::1' }] },
          { internalReplication: true, replicas: [{ host: 'nowhere.invalid', port: 9440, secure: true }] },
        ],
      },
      {
        name: 'with_users',
        shards: [{ internalReplication: false, replicas: [{ ...here, user: 'PLUMBLINE_TEST_USER' }] }],
      },
    ];
    await mkdir(dirname(join(folder, CONFIG_FILE)), { recursive: true });
    await writeFile(join(folder, CONFIG_FILE), topologyXml(clusters));
    process.env.PLUMBLINE_TEST_SECRET = 'secret';
    process.env.PLUMBLINE_TEST_USER = 'default';
    const other = [{ host: '127.0.0.1', port: 1 }];
    const server = await startServer({
      ...{ name: 'one', folder, httpPort, nativePort },
      remoteServers: [
        { name: 'own', shards: [other, other, other] },
        { name: 'theirs', shards: [other] },
      ],
    });
    const sql = connectLocal(httpPort, { name: 'one', cluster: 'own' });
    try {
      const live = await readTopology(sql, 10_000);
      expect(compareTopology(clusters, live)).toEqual([]);
      expect(live.filter((row) => row.cluster === 'theirs')).toHaveLength(1);
      expect(await sql.rows("SELECT count() FROM cluster('with_users', system.one)")).toEqual([[1]]);
    } finally {
      await sql.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

const nodes = (name: string, count: number): Node[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ name: `${name}-${at + 1}`, cluster: name, shard: at + 1, replica: 1 },
    ...{ host: `${name}-${at + 1}`, httpPort: 8123, nativePort: 9000, secure: false },
    user: { plain: 'default' },
  }));

function estateAt(stage: Stage, more: Partial<Federation> = {}): Estate {
  const clusters: Cluster[] = [
    {
      ...{ name: 'community', edition: 'community', version: '26.7', engines: { as: 'plain' } },
      nodes: nodes('community', 2),
    },
    {
      ...{ name: 'enterprise', edition: 'enterprise', version: '26.7', engines: { as: 'shared' } },
      nodes: nodes('enterprise', 1),
    },
  ];
  const federation: Federation = {
    ...{ name: 'both', members: ['community', 'enterprise'], reads: 'community', writes: 'community', stage },
    ...{
      tables: ['a.*'],
      except: [],
      covered: [],
      views: [],
      unfederated: [],
      quiet: 3600,
      shardBy: {},
      overrides: {},
      ...more,
    },
  };
  return { clusters, objects: [], prune: new Map(), pairs: [], federations: [federation] };
}

const hostsOf = (estate: Estate): string[] =>
  (remoteClusters(estate, 'community') ?? [])
    .filter(({ name }) => name === 'both')
    .flatMap(({ shards }) => shards.flatMap(({ replicas }) => replicas.map(({ host }) => host)));

describe('the members', () => {
  test('are read from the network stage on', () => {
    expect(hostsOf(estateAt('compatibility'))).toEqual(['community-1', 'community-2']);
    for (const stage of ['network', 'switchover', 'decommission'] as const)
      expect(hostsOf(estateAt(stage))).toEqual(['community-1', 'community-2', 'enterprise-1']);
    expect(hostsOf(estateAt('final'))).toEqual(['enterprise-1']);
  });

  test('lose the nodes that are not kept', () => {
    const estate = estateAt('decommission', { kept: ['community-2'] });
    expect(hostsOf(estate)).toEqual(['community-2', 'enterprise-1']);
  });

  test('are nothing to a cluster that reads no federation', () => {
    expect(remoteClusters(estateAt('network'), 'enterprise')).toBeUndefined();
  });
});

test('a difference says what the node has and what it should have', () => {
  const desired = remoteClusters(estateAt('network'), 'community') ?? [];
  const row = (cluster: string, shard: number, host: string) => ({
    ...{ cluster, shard, replica: 1, host, port: 9000, internalReplication: false },
  });
  const live = [
    ...[1, 2].map((shard) => row('community', shard, `community-${shard}`)),
    ...[1, 2].map((shard) => row('both', shard, `community-${shard}`)),
  ];
  expect(compareTopology(desired, live).map(showDifference)).toEqual([
    'no cluster enterprise',
    'cluster both as community-1:9000 | community-2:9000 instead of community-1:9000 | community-2:9000 | enterprise-1:9000 (internal replication)',
  ]);
});
