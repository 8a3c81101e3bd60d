/** What is declared of a federation and what was seen go in; which addresses are wanted, and what people have to do, is checked. */
import { expect, test } from 'vitest';
import { planNetwork, type SeenNetwork } from '../src/federation/plan-network.ts';
import { wantedAddresses } from '../src/federation/registered.ts';
import type { Cluster, Node } from '../src/model/estate.ts';
import type { Federation, Stage } from '../src/model/federation.ts';
import type { Reach } from '../src/model/reach.ts';

const node = (name: string): Node => ({
  ...{ name, cluster: 'community', shard: 1, replica: 1, host: name, httpPort: 1, nativePort: 2 },
  ...{ secure: false, user: { plain: 'default' } },
});

const CLUSTERS: Cluster[] = [
  {
    ...{ name: 'community', edition: 'community', version: '26.7', engines: { as: 'plain' } },
    nodes: [node('community-1'), node('community-2')],
  },
];

const federation = (stage: Stage, kept?: readonly string[]): Federation => ({
  ...{ name: 'federation', members: ['community', 'enterprise'], reads: 'community', writes: 'community' },
  ...{ quiet: 3600, shardBy: {}, overrides: {} },
  ...{ stage, tables: [], except: [], covered: [], views: [], unfederated: [], ...(kept && { kept }) },
  network: {
    ...{ cluster: 'enterprise', keeper: [], path: '/clickhouse/networks' },
    addresses: { 'community-1': '10.0.0.1', 'community-2': '10.0.0.2' },
  },
});

const BOTH = '<ip>::1</ip><ip>10.0.0.1</ip><ip>10.0.0.2</ip>';
const seen = (text: string, owned: readonly string[], ...reach: [string, Reach[]][]): SeenNetwork => ({
  ...{ list: { text }, owned, reach: new Map(reach) },
});
const AWAY: Reach = { address: 'enterprise:9000', reached: false, reason: 'code 209: Timeout' };

test('nodes are let in from the stage network on, and while they read', () => {
  const names = (stage: Stage, kept?: readonly string[]) => [
    ...wantedAddresses(federation(stage, kept), CLUSTERS).keys(),
  ];
  expect(names('compatibility')).toEqual([]);
  expect(names('network')).toEqual(['community-1', 'community-2']);
  expect(names('decommission', ['community-2'])).toEqual(['community-2']);
  expect(names('final', ['community-2'])).toEqual(['community-2']);
});

test('a node that leaves is taken out of the list, unless others brought its address', () => {
  const leaving = federation('decommission', ['community-2']);
  const { steps, findings } = planNetwork(leaving, CLUSTERS, seen(BOTH, ['10.0.0.1']));
  const [step] = steps;
  expect(step?.registration).toMatchObject({ add: [], remove: ['10.0.0.1'], owned: [] });
  expect(step?.hazards).toEqual([
    { kind: 'changes access', reason: '10.0.0.1 get in without a password no more' },
  ]);
  expect(findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    'federation-allow-list: take 10.0.0.1 off the allow-list at the console of cluster enterprise: they connect to it no more',
  ]);
  expect(planNetwork(leaving, CLUSTERS, seen(BOTH, []))).toEqual({ steps: [], findings: [] });
});

test('while a node does not get through, people are asked for all addresses, with who does not reach what', () => {
  const asked = seen(BOTH, [], ['community-1', [{ ...AWAY, reached: true }]], ['community-2', [AWAY]]);
  const { steps } = planNetwork(federation('network'), CLUSTERS, asked);
  expect(steps.map(({ object, registration }) => [object, registration?.by])).toEqual([
    [
      { kind: 'allow list', path: ['enterprise'] },
      {
        manual:
          'let 10.0.0.1, 10.0.0.2 in at the console of cluster enterprise; community-2 does not reach enterprise:9000: code 209: Timeout',
      },
    ],
  ]);
  const unknown = seen(BOTH, [], ['community-2', [{ address: 'enterprise', reached: undefined }]]);
  expect(planNetwork(federation('network'), CLUSTERS, unknown).steps).toEqual([]);
});

test('a list that nobody can read is told, until every node gets through', () => {
  const blind: SeenNetwork = { list: { unreadable: 'no Keeper' }, owned: [], reach: new Map() };
  expect(
    planNetwork(federation('network'), CLUSTERS, blind).findings.map(({ severity }) => severity),
  ).toEqual(['warning']);
  const reached = { ...blind, reach: new Map([['community-1', [{ ...AWAY, reached: true }]]]) };
  expect(planNetwork(federation('network'), CLUSTERS, reached).findings).toEqual([]);
});
