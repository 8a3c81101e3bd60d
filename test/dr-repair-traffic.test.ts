/** Repairs under readers that never look away and a writer that never stops: nobody sees a hole, and no row is lost or doubled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../src/live/server.ts';
import { type RepairSites, repairTables, startRepairSites } from './support/dr-repair-sites.ts';
import { size } from './support/size.ts';

let sites: RepairSites;
beforeAll(async () => {
  sites = await startRepairSites();
});
afterAll(() => sites.stop());

/** Does it again and again, with a pause between, until it is told to stop; then gives how often. */
function again(milliseconds: number, act: (turn: number) => Promise<void>): () => Promise<number> {
  let [stopped, turns] = [false, 0];
  const run = (async () => {
    while (!stopped) {
      await act(turns++);
      await sleep(milliseconds);
    }
  })();
  return async () => {
    stopped = true;
    await run;
    return turns;
  };
}

const byPartition = (table: string): string =>
  `SELECT _partition_id, toString(count()), toString(sum(cityHash64(tuple(*)))) FROM dr.${table} GROUP BY 1 ORDER BY 1`;

describe('readers of the passive site', () => {
  it('see each partition as it was, or as it is repaired', async () => {
    const rows = size(300_000, 3_000_000);
    await sites.run(
      'CREATE TABLE dr.read (p UInt8, k UInt32, v String) ENGINE = MergeTree PARTITION BY p ORDER BY k',
    );
    const fill = (value: string, where: string): string =>
      `INSERT INTO dr.read SELECT number % 3, number, ${value} FROM numbers(${rows}) WHERE ${where}`;
    await sites.active.run(fill('toString(number)', '1'));
    await sites.passive.run(
      fill(`if(number = 300, 'x', toString(number))`, 'number % 3 != 1 OR number % 2 = 0'),
    );
    await sites.passive.run(
      'ALTER TABLE dr.read DELETE WHERE p = 2 AND k > 9999 SETTINGS mutations_sync = 2',
    );
    const allowed = new Set<string>();
    const read = async (site: Server): Promise<string[]> =>
      (await site.rows<string[]>(byPartition('read'))).map((row) => row.join(' '));
    for (const site of [sites.active, sites.passive]) for (const seen of await read(site)) allowed.add(seen);
    const holes: string[] = [];
    const readers = Array.from({ length: 2 }, () =>
      again(20, async () => {
        const seen = await read(sites.passive);
        if (seen.length !== 3) holes.push(`${seen.length} partitions`);
        holes.push(...seen.filter((one) => !allowed.has(one)));
      }),
    );
    const { done, errors } = await sites.repair(['read']);
    const reads = await Promise.all(readers.map((stop) => stop()));
    expect([done, errors]).toEqual([['0', '1', '2'], {}]);
    expect(holes).toEqual([]);
    expect(await read(sites.passive)).toEqual(await read(sites.active));
    process.stdout.write(`${reads.join(' and ')} reads, none of a hole\n`);
  });
});

describe('a writer on the active site', () => {
  it('finds all of its rows on the passive site, and none twice, after the next repair', async () => {
    await sites.run(
      'CREATE TABLE dr.written (p UInt32, k UInt32) ENGINE = MergeTree PARTITION BY p ORDER BY k',
    );
    let sent = 0;
    const began = Date.now();
    // A thousand rows a second, whatever the single INSERT takes.
    const write = again(20, async () => {
      const due = Date.now() - began - sent;
      await sites.active.run(
        `INSERT INTO dr.written SELECT intDiv(number, 700), number FROM numbers(${sent}, ${due})`,
      );
      sent += due;
    });
    const counted = `SELECT toString(count()), toString(uniqExact(k)) FROM dr.written`;
    const outcomes: string[] = [];
    for (let turn = 0; turn < size(3, 60); turn++) {
      const { done, errors } = await sites.repair(['written']);
      outcomes.push(`${done.length}/${done.length + Object.keys(errors).length}`);
      const [row] = await sites.passive.rows<[string, string]>(counted);
      expect(row?.[0]).toBe(row?.[1]);
      for (const error of Object.values(errors)) expect(error).toMatch(/^(moved|not verified): /);
    }
    await write();
    expect((await sites.repair(['written'])).errors).toEqual({});
    expect(await sites.passive.rows(counted)).toEqual([[String(sent), String(sent)]]);
    process.stdout.write(`${sent} rows, repaired meanwhile: ${outcomes.join(', ')}\n`);
  });
});

describe('rows that come to the passive site', () => {
  it('in the moment of the swap are told of', async () => {
    await sites.run(
      'CREATE TABLE dr.raced (k UInt32) ENGINE = MergeTree ORDER BY k',
      'INSERT INTO dr.raced SELECT number FROM numbers(10)',
    );
    await sites.active.run('INSERT INTO dr.raced VALUES (100)');
    const { passive } = sites;
    const raced: Server = {
      ...passive,
      async run(statement, options) {
        if (statement.includes('REPLACE PARTITION')) await passive.run('INSERT INTO dr.raced VALUES (200)');
        return passive.run(statement, options);
      },
    };
    const { errors } = await repairTables({ active: sites.active, passive: raced }, ['raced']);
    expect(errors.all).toMatch(/^raced: partition all of dr.raced: 1 parts? /);
    expect(await sites.stagings()).toEqual([]);
  });
});

describe('a repair stops before the next partition', () => {
  const table = 'stopped';
  beforeAll(async () => {
    await sites.run(
      `CREATE TABLE dr.${table} (p UInt8, k UInt32) ENGINE = MergeTree PARTITION BY p ORDER BY k`,
    );
    await sites.active.run(`INSERT INTO dr.${table} SELECT number % 3, number FROM numbers(300)`);
  });

  it('when another site becomes active', async () => {
    let asked = 0;
    const turned = async (): Promise<string | undefined> =>
      asked++ > 2 ? 'failover.test is 10.0.0.2' : undefined;
    const { done, errors } = await sites.repair([table], { turned });
    expect(done.length).toBeLessThan(3);
    expect(Object.values(errors)[0]).toBe(
      `direction: partition ${Object.keys(errors)[0]} of dr.${table}: failover.test is 10.0.0.2`,
    );
    expect(await sites.stagings()).toEqual([]);
  });

  it('when somebody asks for it, and what is beyond the limits is next', async () => {
    const { errors } = await sites.repair([table], { shouldStop: () => true });
    expect(Object.values(errors)[0]).toMatch(/^stopped: /);
    const limited = await sites.repair([table], { maxPartitions: 1 });
    expect(limited.done.length).toBe(1);
    expect(limited.refused.every(({ refusal }) => refusal === 'beyond the limits')).toBe(true);
    const { done } = await sites.repair([table], {
      from: { cluster: 'both', shard: 2 },
      bandwidth: 50_000_000,
    });
    expect(done.length).toBe(limited.refused.length);
    await sites.passive.run('SYSTEM FLUSH LOGS');
    const [row] = await sites.passive.rows<[string]>(
      `SELECT Settings['max_network_bandwidth'] FROM system.query_log
       WHERE type = 'QueryFinish' AND query_kind = 'Insert' ORDER BY event_time_microseconds DESC LIMIT 1`,
    );
    expect(row).toEqual(['50000000']);
  });
});
