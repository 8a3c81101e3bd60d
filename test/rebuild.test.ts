/** Rebuilds of a table under writers and readers: nothing is lost, nothing doubled, and no reader ever sees less than before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { eventsWith, expectedRows, foundRows, rowsOf, startTraffic } from './support/rebuild-traffic.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const ROWS = size(60_000, 5_000_000);
const WRITERS = 4;

/** What the view reads goes. First it is kept until the view reads another new column; then the view changes before the rebuild. */
const BEFORE = { column: 'note: { type: String, default: now() }', condition: "note != ''" };
const CHANGES = [
  {
    keys: 'order_by: [writer, id]',
    extra: { column: 'state: { type: UInt8, default: 7 }', condition: 'state = 7' },
    steps: ['events', 'to_seen', 'events'],
  },
  {
    keys: 'order_by: [writer, id]\npartition_by: toYYYYMM(day)',
    extra: { column: 'mood: String', condition: "value != ''" },
    steps: ['to_seen', 'events'],
  },
];

const print = (text: string): void => void process.stdout.write(`${text}\n`);

describe('a rebuild under traffic', () => {
  let estate: TestEstate;
  const sql = () => estate.sql[0] as TestEstate['sql'][number];

  beforeAll(async () => {
    estate = await startTestEstate();
    await estate.write({ 'shop.yaml': eventsWith('order_by: id', BEFORE) });
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
    for (const { keys, extra, steps } of CHANGES) {
      await estate.write({ 'shop.yaml': eventsWith(keys, extra) });
      const began = Date.now();
      const { results, remaining } = await estate.apply();
      times.push(Date.now() - began);
      expect(results.flatMap(({ error }) => error ?? [])).toEqual([]);
      expect(results.map(({ planned }) => planned.step.object.path[1])).toEqual(steps);
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
