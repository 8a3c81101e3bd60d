/** Plans of nodes as if each stood alone go in; where their steps run, and in which order, is checked. */
import { describe, expect, test } from 'vitest';
import type { Cluster, Engines } from '../src/model/estate.ts';
import type { ObjectId } from '../src/model/object.ts';
import type { NodePlan } from '../src/model/plan.ts';
import type { Replica } from '../src/model/replica.ts';
import type { ReachingStep } from '../src/plan/plan.ts';
import type { UnroutedNode } from '../src/plan/replica-groups.ts';
import { routeReplicas } from '../src/plan/route-replicas.ts';
import { everywhere, runOrder } from '../src/plan/run-order.ts';

const ORDERS: ObjectId = { kind: 'table', path: ['shop', 'orders'] };
const PRICES: ObjectId = { kind: 'view', path: ['shop', 'prices'] };
const SHOP: ObjectId = { kind: 'database', path: ['shop'] };

const step = (
  action: ReachingStep['action'],
  object: ObjectId,
  statement: string,
  reaches?: 'replicas',
): ReachingStep => ({
  ...{ action, object, statements: [statement], verdict: 'metadata', hazards: [], changes: [] },
  ...{ refusals: [], fingerprint: 'absent', ...(reaches && { reaches }) },
});

const alter = step('alter', ORDERS, 'ALTER', 'replicas');
const copy = (path: string, version = 0, rest: Partial<Replica> = {}): [string, Replica] => [
  JSON.stringify(ORDERS.path),
  { path, version, isReadOnly: false, queue: 0, ...rest },
];

interface Given extends Partial<Omit<UnroutedNode, 'plan' | 'replicas'>> {
  readonly steps?: readonly ReachingStep[];
  readonly replica?: [string, Replica];
  readonly unreadable?: string;
}

/** Steps are told apart by what they are, so every node has its own. */
const node = (name: string, { steps: planned = [], replica, unreadable, ...rest }: Given): UnroutedNode => {
  const steps = planned.map((one) => ({ ...one }));
  return {
    plan: {
      ...{ node: name, address: 'a:1', steps, unmanaged: [], findings: [] },
      ...(unreadable && { unreadable }),
    },
    ...{ shard: 1, creates: new Map(), databases: new Map(), replicas: new Map(replica ? [replica] : []) },
    ...rest,
  };
};

const cluster = (nodes: readonly UnroutedNode[], engines: Engines): Cluster => ({
  ...{ name: 'c', edition: 'community', version: '26.7', engines },
  nodes: nodes.map(({ plan, shard }) => ({
    ...{ name: plan.node, cluster: 'c', shard, replica: 1, host: 'a', httpPort: 1, nativePort: 1 },
    ...{ secure: false, user: { plain: 'default' } },
  })),
});

function route(nodes: readonly UnroutedNode[], engines: Engines = { as: 'plain' }): NodePlan[] {
  return routeReplicas(cluster(nodes, engines), nodes);
}

const shown = (plans: readonly NodePlan[]): string[] =>
  plans.flatMap(({ node, steps, findings }) => [
    ...steps.map(
      ({ object, statements, followers, verdict }) =>
        `${node} ${verdict === 'manual' ? 'refused' : statements.join()} ${object.kind}${followers ? ` > ${followers.join(' ')}` : ''}`,
    ),
    ...findings.map(({ severity, rule }) => `${node} ${severity} ${rule}`),
  ]);

describe('an ALTER of a replicated table', () => {
  test('runs once for all nodes that share its path, whatever their shards', () => {
    const nodes = ['a', 'b', 'c'].map((name, at) =>
      node(name, { steps: [alter], shard: at + 1, replica: copy('/everywhere') }),
    );
    expect(shown(route(nodes))).toEqual(['a ALTER table > b c']);
  });

  test('runs once for each path', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((name, at) =>
      node(name, { steps: [alter], shard: at < 2 ? 1 : 2, replica: copy(at < 2 ? '/1' : '/2') }),
    );
    expect(shown(route(nodes))).toEqual(['a ALTER table > b', 'c ALTER table > d']);
  });

  test('runs on a replica that has followed what came before', () => {
    const nodes = [
      node('a', { steps: [alter], replica: copy('/p', 3, { queue: 1 }) }),
      node('b', { steps: [alter], replica: copy('/p', 4) }),
    ];
    expect(shown(route(nodes))).toEqual(['a warning replica-behind', 'b ALTER table > a']);
  });

  test('is not repeated on a replica that lags behind one that is as declared', () => {
    const nodes = [
      node('a', { steps: [alter], replica: copy('/p', 3) }),
      node('b', { replica: copy('/p', 4) }),
    ];
    expect(shown(route(nodes))).toEqual(['a warning replica-behind']);
  });

  test('runs on a replica that differs though it is as far as the others', () => {
    const nodes = [
      node('a', { replica: copy('/p', 4) }),
      node('b', { steps: [alter], replica: copy('/p', 4) }),
    ];
    expect(shown(route(nodes))).toEqual(['b ALTER table > a']);
  });

  test('says who is missing', () => {
    const nodes = [
      node('a', { steps: [alter], replica: copy('/p') }),
      node('b', { unreadable: 'gone' }),
      node('c', { unreadable: 'gone', shard: 2 }),
    ];
    const [first] = route(nodes);
    expect(shown(first ? [first] : [])).toEqual(['a ALTER table > ', 'a warning replica-alone']);
    expect(first?.findings[0]?.message).toContain('without b, which');
  });
});

describe('a replicated database', () => {
  const creates = [step('create', SHOP, 'CREATE'), step('create', ORDERS, 'CREATE')];
  const inside = (engine: string): Pick<UnroutedNode, 'databases'> => ({
    databases: new Map([['shop', engine]]),
  });

  test('is created on every node, what is in it on one', () => {
    const nodes = ['a', 'b'].map((name, at) =>
      node(name, { steps: creates, shard: at + 1, ...inside("Replicated('/d', '{shard}', '{replica}')") }),
    );
    const plans = route(nodes);
    expect(shown(plans)).toEqual(['a CREATE database', 'a CREATE table > b', 'b CREATE database']);
    const order = runOrder({ cluster: 'c', edition: 'community', nodes: plans });
    expect(order.map(({ node, step }) => `${node} ${step.object.kind}`)).toEqual([
      'a database',
      'b database',
      'a table',
    ]);
  });

  test('whose path names the shard is one for each shard', () => {
    const nodes = ['a', 'b'].map((name, at) =>
      node(name, { steps: creates, shard: at + 1, ...inside("Replicated('/d/{shard}', 's', '{replica}')") }),
    );
    expect(shown(route(nodes)).filter((line) => line.includes('table'))).toEqual([
      'a CREATE table > ',
      'b CREATE table > ',
    ]);
  });

  test('brings a new node what the others have', () => {
    const engine = inside("Replicated('/d', '{shard}', '{replica}')");
    const nodes = [node('a', engine), node('b', { steps: creates, ...engine })];
    expect(shown(route(nodes))).toEqual(['b CREATE database', 'b warning replica-behind']);
  });
});

test('nodes of a managed cluster share everything', () => {
  const steps = [step('create', SHOP, 'CREATE'), step('create', ORDERS, 'CREATE')];
  const nodes = [node('a', { steps }), node('b', { steps })];
  expect(shown(route(nodes, { as: 'shared' }))).toEqual(['a CREATE database > b', 'a CREATE table > b']);
  expect(shown(route(nodes, { as: 'any' }))).toHaveLength(4);
});

describe('the order in which steps run', () => {
  const view = step('alter', PRICES, 'REPLACE');
  const plan = (name: string, steps: NodePlan['steps']): NodePlan => ({
    ...{ node: name, address: 'a:1', steps, unmanaged: [], findings: [] },
  });
  const run = (...nodes: NodePlan[]): string[] =>
    runOrder({ cluster: 'c', edition: 'community', nodes }).map(
      ({ node, step: { statements } }) => `${node} ${statements.join()}`,
    );
  const carried = (statement: string, ...followers: string[]) => ({
    ...step('alter', ORDERS, statement),
    followers,
  });

  test('is node after node where nothing is carried over', () => {
    expect(run(plan('a', [alter, view]), plan('b', [alter, view]))).toEqual([
      ...['a ALTER', 'a REPLACE', 'b ALTER', 'b REPLACE'],
    ]);
  });

  test('is object after object where something is', () => {
    expect(run(plan('a', [view, carried('DROP COLUMN', 'b')]), plan('b', [view]))).toEqual([
      ...['a REPLACE', 'b REPLACE', 'a DROP COLUMN'],
    ]);
  });

  test('alters before it creates another replica', () => {
    const create = step('create', ORDERS, 'CREATE');
    expect(run(plan('a', [create]), plan('b', [carried('ADD COLUMN')]))).toEqual([
      'b ADD COLUMN',
      'a CREATE',
    ]);
  });

  test('ends where nodes do not agree', () => {
    const first = plan('a', [view, carried('ALTER', 'b')]);
    expect(run(first, plan('b', [step('alter', ORDERS, 'LOCAL'), view]))).toHaveLength(4);
  });

  test('has every step on every node that follows', () => {
    const nodes = [plan('a', [view, carried('DROP COLUMN', 'b')]), plan('b', [view])];
    const all = everywhere({ cluster: 'c', edition: 'community', nodes });
    expect(all.nodes.map(({ steps }) => steps.flatMap(({ statements }) => statements))).toEqual([
      ['REPLACE', 'DROP COLUMN'],
      ['REPLACE', 'DROP COLUMN'],
    ]);
  });
});
