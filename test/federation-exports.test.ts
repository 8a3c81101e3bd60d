/** Rows that come back in many partitions: stopped half-way, of a table with settings of its own, and shared out by what is no number of a shard. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StepResult } from '../src/model/report.ts';
import {
  type FederationEstate,
  fillOrders,
  ORDERS,
  stageYaml,
  startFederation,
} from './support/federation-estate.ts';

/** Of six days. */
const ROWS = 600;
const COMMUNITY = ['community-1', 'community-2'];
const OWN = 'max_bytes_to_merge_at_max_space_in_pool = 1000000000';
/** A partition a day, and a setting that is borrowed while rows come back. */
const DAYS = `${ORDERS.replace('toYYYYMM(day)', 'day')}settings: { max_bytes_to_merge_at_max_space_in_pool: 1000000000 }\n`;

let federation: FederationEstate;
beforeAll(async () => {
  federation = await startFederation();
  await federation.declare(stageYaml('network'), DAYS);
  await federation.apply();
  await federation.sql('enterprise').run(fillOrders(0, ROWS));
});
afterAll(() => federation?.stop());

const settingsOn = async (node: string): Promise<string> => {
  const [row] = await federation
    .sql(node)
    .rows<[string]>("SELECT engine_full FROM system.tables WHERE database = 'shop' AND name = 'orders'");
  return row?.[0] ?? '';
};

const stagings = async (node: string): Promise<number> => {
  const [row] = await federation
    .sql(node)
    .rows<[string]>(
      "SELECT toString(count()) FROM system.tables WHERE database = 'plumbline' AND startsWith(name, 'export_')",
    );
  return Number(row?.[0]);
};

const isAttach = ({ planned }: StepResult): boolean => planned.step.export?.act === 'attach';

test('a row that belongs on no shard keeps all of its partition from coming back', async () => {
  await federation.declare(stageYaml('compatibility', 'shard_by: { shop.orders: total / 3 }\n'), DAYS);
  const { results } = await federation.apply();
  expect(results.find(({ outcome }) => outcome === 'failed')?.error).toMatch(
    /^not verified: partition \d+ of shop.orders from enterprise: shard_by gives [\d.]+ for some rows, which is no shard/,
  );
  expect(results.some((result) => isAttach(result) && result.outcome === 'done')).toBe(false);
});

test('what is stopped half-way gives back what it borrowed, and looks again at what nobody was shown yet', async () => {
  await federation.declare(stageYaml('compatibility'), DAYS);
  let shown = 0;
  const ended = (result: StepResult): void => {
    if (isAttach(result)) shown++;
  };
  const { results } = await federation.apply({
    progress: { started: () => {}, ended },
    shouldStop: () => shown >= 4,
  });
  const attached = results.filter((result) => isAttach(result) && result.outcome === 'done');
  expect(attached.length).toBeGreaterThanOrEqual(4);
  expect(attached.length).toBeLessThan(results.filter(isAttach).length);
  for (const node of COMMUNITY) expect(await settingsOn(node)).toContain(OWN);

  const last = results.filter(isAttach).at(-1)?.planned.step.export?.copy.partition ?? '';
  await federation
    .sql('enterprise')
    .run(
      `INSERT INTO shop.orders SELECT id + 1000000, day, total, note FROM shop.orders WHERE _partition_id = '${last}'`,
    );
  const moved = await federation.apply();
  expect(moved.results.find(({ outcome }) => outcome === 'failed')?.error).toMatch(
    new RegExp(`^moved: partition ${last} of shop.orders from enterprise: .* the next run copies it again`),
  );
  await federation.enter('compatibility');
  expect(await federation.content(COMMUNITY)).toBe(await federation.content(['enterprise']));
  for (const node of COMMUNITY) {
    expect(await settingsOn(node)).toContain(OWN);
    expect(await stagings(node)).toBe(0);
  }
});
