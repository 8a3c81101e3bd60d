/** Rehearsals: plans played on embedded servers that hold the live definitions but none of the rows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { plannedSteps } from '../src/model/plan.ts';
import type { Rehearsal } from '../src/model/review.ts';
import { rehearse, rehearseFrom } from '../src/rehearse/rehearse.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;

beforeAll(async () => {
  // A cluster that the live servers know and no declaration does.
  const remoteServers = [{ name: 'far', shards: [[{ host: '127.0.0.1', port: 9 }]] }];
  estate = await startTestEstate(2, { remoteServers });
});

afterAll(() => estate.stop());

const SHOP = 'kind: Database\nname: shop\non: test\n';
const table = (name: string, columns: string): string =>
  `---\nkind: Table\ndatabase: shop\nname: ${name}\norder_by: k\ncolumns: { k: UInt64${columns} }\n`;
const view = (query: string): string => `---\nkind: View\ndatabase: shop\nname: v\nquery: ${query}\n`;

async function rehearsal(): Promise<Rehearsal> {
  const { plan, states, close } = await estate.survey({ keepStates: true });
  await close();
  return rehearse(await loadEstate(estate.folder), plan, states);
}

describe('a rehearsal', () => {
  it('plays creates from nothing, one server for all nodes that are alike', async () => {
    await estate.write({ 'shop.yaml': SHOP + table('orders', '') + view('SELECT k FROM shop.orders') });
    expect(await rehearsal()).toEqual({
      outcome: 'clean',
      text: 'Rehearsed on an embedded server: nothing is left to do. They play for 1 more nodes of the same state and steps.',
    });
    await estate.apply();
  });

  it('plays changes from the live definitions, without their rows', async () => {
    await estate.sql[0]?.run('INSERT INTO shop.orders VALUES (1)');
    await estate.sql[1]?.run('ALTER TABLE shop.orders ADD COLUMN by_hand UInt8');
    await estate.write({
      'shop.yaml': SHOP + table('orders', ', total: UInt64') + view('SELECT k, total FROM shop.orders'),
    });
    const { outcome, text } = await rehearsal();
    expect(outcome).toBe('clean');
    expect(text).toContain('Rehearsed on 2 embedded servers');
  });

  it('fails where a step fails, and names it', async () => {
    await estate.write({ 'shop.yaml': SHOP + table('orders', '') + view('SELECT nothing FROM shop.orders') });
    const { outcome, text } = await rehearsal();
    expect(outcome).toBe('failed');
    expect(text).toMatch(/^The rehearsal failed at view shop\.v on test-1: code 47: .*nothing/);
  });

  it('says what the embedded engine can not play', async () => {
    const far = (columns: string): string =>
      `---\nkind: Table\ndatabase: shop\nname: far\nengine: Distributed(far, shop, orders)\ncolumns: { k: UInt64${columns} }\n`;
    const orders = SHOP + table('orders', '') + view('SELECT k FROM shop.orders');
    await estate.write({ 'shop.yaml': orders + far('') });
    await estate.apply();
    await estate.write({ 'shop.yaml': orders + far(', more: UInt8') });
    const { outcome, text } = await rehearsal();
    expect(outcome).toBe('clean');
    expect(text).toContain("Not rehearsed, because the embedded engine can't: table shop.far: code 701: ");
    await estate.apply();
  });

  it('leaves users, roles and their rights out', async () => {
    const role = '---\nkind: Role\nname: reader\non: test\n';
    const grant = '---\nkind: Grant\nto: reader\ntarget: shop.orders\nprivileges: [SELECT]\non: test\n';
    const orders = SHOP + table('orders', ', total: UInt64');
    await estate.write({ 'shop.yaml': orders + role + grant });
    const { outcome, text } = await rehearsal();
    expect(outcome).toBe('clean');
    expect(text).toContain('2 changes of users, roles and rights, which it does not store');
  });

  it('plays a rebuild', async () => {
    await estate.write({ 'shop.yaml': SHOP + table('orders', '') });
    await estate.apply();
    await estate.write({ 'shop.yaml': SHOP + table('orders', '').replace('order_by: k', 'order_by: k + 1') });
    expect((await rehearsal()).outcome).toBe('clean');
    await estate.apply();
  });

  it('has nothing to do for an empty plan', async () => {
    expect((await rehearsal()).outcome).toBe('skipped');
  });
});

describe('a rehearsal without live servers', () => {
  it('goes from the declarations of the base to those of the head', async () => {
    await estate.write({ 'shop.yaml': SHOP + table('orders', '') });
    const base = await loadEstate(estate.folder);
    await estate.write({ 'shop.yaml': SHOP + table('orders', ', note: String') + table('more', '') });
    const head = await loadEstate(estate.folder);
    const { plan, rehearsal: played } = await rehearseFrom(base, head);
    expect(played.outcome).toBe('clean');
    expect(
      plannedSteps(plan).map(({ node, step }) => `${step.action} ${step.object.path.join('.')} on ${node}`),
    ).toEqual([
      'create shop.more on test-1',
      'alter shop.orders on test-1',
      'create shop.more on test-2',
      'alter shop.orders on test-2',
    ]);
  });
});
