/** Rebuilds of a table under writers and readers: nothing is lost, nothing doubled, and no reader ever sees less than before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { eventsWith, expectedRows, foundRows, rowsOf, startTraffic } from './support/rebuild-traffic.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const ROWS = size(200_000, 5_000_000);
const WRITERS = 4;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

describe('a rebuild under traffic', () => {
  let estate: TestEstate;
  const sql = () => estate.sql[0] as TestEstate['sql'][number];

  beforeAll(async () => {
    estate = await startTestEstate();
    await estate.write({ 'shop.yaml': eventsWith('order_by: id') });
    await estate.apply();
    await sql().run(`INSERT INTO shop.events (id, writer, day, value) ${rowsOf(0, ROWS)}`);
  });
  afterAll(() => estate.stop());

  test('keeps every row, for tables and for views', async () => {
    const port = estate.servers[0]?.httpPort ?? 0;
    const traffic = startTraffic({
      port,
      table: 'shop.events',
      writers: WRITERS,
      readers: 2,
      asynchronous: 1,
    });
    await sleep(300);
    const times: number[] = [];
    for (const keys of ['order_by: [writer, id]', 'order_by: [writer, id]\npartition_by: toYYYYMM(day)']) {
      await estate.write({ 'shop.yaml': eventsWith(keys) });
      const began = Date.now();
      const { results, remaining } = await estate.apply();
      times.push(Date.now() - began);
      expect(results.map(({ outcome, error }) => ({ outcome, error }))).toEqual([
        { outcome: 'done', error: undefined },
      ]);
      expect(plannedSteps(remaining)).toEqual([]);
    }
    await sleep(300);
    const { sent, slowest, reads } = await traffic.stop();
    print(
      `rebuilds: ${times.join(' and ')} ms; ${sent} rows sent, slowest INSERT ${slowest} ms, ${reads} reads`,
    );
    const [expected] = await sql().rows<[string, string]>(expectedRows(ROWS, sent));
    expect(await sql().rows(foundRows('shop.events'))).toEqual([expected]);
    expect(
      await sql().rows(`SELECT toString(count()), toString(uniqExact(id, writer)) FROM shop.seen`),
    ).toEqual([[expected?.[0], expected?.[0]]]);
    expect(Math.min(...sent)).toBeGreaterThan(0);
  });

  test('keeps the old tables, which every plan tells of', async () => {
    const plan = await estate.plan();
    expect(planFindings(plan).map(({ rule, severity }) => `${severity} ${rule}`)).toEqual([
      'warning kept-after-rebuild',
      'warning kept-after-rebuild',
    ]);
    expect(
      plan.clusters[0]?.nodes[0]?.unmanaged.map(({ path }) => path[1]?.replace(/[0-9a-f]{8}$/, '')),
    ).toEqual(['events_plumbline_old_', 'events_plumbline_old_']);
  });
});
