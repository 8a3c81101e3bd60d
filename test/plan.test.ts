/** The pure middle: order, moves, folding and digests of plans, whatever order the input comes in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rootKind } from '../src/kinds/index.ts';
import type { ClusterPlan, Plan } from '../src/model/plan.ts';
import { lazyRoot, type Root, type State, stateOf } from '../src/model/state.ts';
import { movedSince, planOf } from '../src/plan/digest.ts';
import { moves } from '../src/plan/moves.ts';
import { diffStates, stepsOf } from '../src/plan/plan.ts';
import { renderJson } from '../src/render/json.ts';

const root = (kind: string, path: readonly string[], statement: string): Root =>
  lazyRoot({ kind, path }, statement, () => rootKind(kind).parse({ id: { kind, path }, statement }));

const database = (name: string): Root =>
  root('database', [name], `CREATE DATABASE \`${name}\` ENGINE = Atomic`);
const table = (name: string, columns = '`k` UInt64', more = ''): Root =>
  root(
    'table',
    ['shop', name],
    `CREATE TABLE shop.${name} (${columns}) ENGINE = MergeTree ORDER BY k${more}`,
  );
const view = (name: string, query: string): Root =>
  root('view', ['shop', name], `CREATE VIEW shop.${name} (\`k\` UInt64) AS ${query}`);

const LIVE = [
  database('shop'),
  table('orders', '`k` UInt64, `a` String, `b` UInt8, `c` UInt8'),
  table('gone'),
  view('over_gone', 'SELECT k FROM shop.gone'),
  table('left_alone'),
  table('also_left_alone'),
];
const DESIRED = [
  database('shop'),
  database('new'),
  table('orders', "`k` UInt64, `c` UInt8 COMMENT 'x', `a` String, `b` UInt8"),
  view('a_view', 'SELECT k FROM shop.z_view'),
  view('z_view', 'SELECT k FROM shop.fresh'),
  table('fresh'),
];
const PRUNE = new Map([['shop', new Set(['gone', 'over_gone'])]]);

function planFor(live: State, desired: State): Plan {
  const differences = diffStates(live, { state: desired, blocked: new Set() }, PRUNE);
  const { unmanaged, findings } = differences;
  const steps = stepsOf(differences, new Map());
  const node = {
    node: 'n',
    address: 'h:1',
    version: '26.7',
    steps,
    unmanaged: unmanaged.map(({ id }) => id),
    findings,
  };
  const cluster: ClusterPlan = { cluster: 'c', edition: 'community', nodes: [node] };
  return planOf([cluster]);
}

describe('a plan', () => {
  it('is byte for byte the same for shuffled input', () => {
    const expected = renderJson(planFor(stateOf(LIVE), stateOf(DESIRED)));
    const shuffled = (roots: readonly Root[]) => fc.shuffledSubarray([...roots], { minLength: roots.length });
    fc.assert(
      fc.property(shuffled(LIVE), shuffled(DESIRED), (live, desired) => {
        expect(renderJson(planFor(stateOf(live), stateOf(desired)))).toBe(expected);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('drops what depends before what it depends on, and creates the other way round', () => {
    const { clusters } = planFor(stateOf(LIVE), stateOf(DESIRED));
    const steps = clusters[0]?.nodes[0]?.steps.map(
      ({ action, object }) => `${action} ${object.path.join('.')}`,
    );
    expect(steps).toEqual([
      'drop shop.over_gone',
      'drop shop.gone',
      'create new',
      'create shop.fresh',
      'alter shop.orders',
      'create shop.z_view',
      'create shop.a_view',
    ]);
  });

  it('never drops what is declared but could not be read by the server', () => {
    const blocked = new Set([JSON.stringify(['shop', 'gone'])]);
    const prune = new Map([['shop', 'all' as const]]);
    const { drops } = diffStates(stateOf(LIVE), { state: stateOf([database('shop')]), blocked }, prune);
    expect(drops.map(({ id }) => id.path.at(-1))).not.toContain('gone');
  });

  it('prunes no database of the same name where nobody declared it', () => {
    const prune = new Map([['shop', 'all' as const]]);
    const { drops } = diffStates(stateOf(LIVE), { state: stateOf([]), blocked: new Set() }, prune);
    expect(drops).toEqual([]);
  });

  it('moves as few columns as it can', () => {
    const { clusters } = planFor(stateOf(LIVE), stateOf(DESIRED));
    const step = clusters[0]?.nodes[0]?.steps.find(({ object }) => object.path.at(-1) === 'orders');
    expect(step?.statements).toEqual([
      "ALTER TABLE `shop`.`orders` MODIFY COLUMN `c` UInt8 COMMENT 'x' AFTER `k`",
    ]);
  });

  it('says which objects moved since an older one', () => {
    const older = planFor(stateOf(LIVE), stateOf(DESIRED));
    const moved = LIVE.map((one) =>
      one.id.path[1] === 'orders' ? table('orders', '`k` UInt64, `a` String') : one,
    );
    expect(movedSince(older, older)).toEqual([]);
    expect(movedSince(older, planFor(stateOf(moved), stateOf(DESIRED)))).toEqual([
      'table shop.orders on n moved on the server',
    ]);
    const declared = DESIRED.map((one) => (one.id.path[1] === 'fresh' ? table('fresh', '`k` UInt8') : one));
    expect(movedSince(older, planFor(stateOf(LIVE), stateOf(declared)))).toEqual([
      'table shop.fresh on n is declared otherwise',
    ]);
  });
});

describe('moves', () => {
  /** What a server does with `MODIFY COLUMN … AFTER`, in the desired order. */
  function carryOut(live: readonly string[], desired: readonly string[]): string[] {
    const columns = live.filter((name) => desired.includes(name));
    const moving = moves(live, desired);
    for (const [at, name] of desired.entries()) {
      if (live.includes(name) && !moving.has(name)) continue;
      if (live.includes(name)) columns.splice(columns.indexOf(name), 1);
      const previous = desired[at - 1];
      columns.splice(previous === undefined ? 0 : columns.indexOf(previous) + 1, 0, name);
    }
    return columns;
  }

  it('lead from any order to any other', () => {
    const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 });
    fc.assert(
      fc.property(names, names, (live, desired) => {
        expect(carryOut(live, desired)).toEqual(desired);
      }),
      { numRuns: 2000, seed: 2 },
    );
  });

  it('are one for one column that moved', () => {
    expect([...moves([...'abcdef'], [...'bcdeaf'])]).toEqual(['a']);
    expect(moves([...'abc'], [...'abc']).size).toBe(0);
  });
});
