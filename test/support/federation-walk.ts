/** A federation under traffic goes in; how its stages are entered, and what people do between them, comes out, each with the proof that every row is there once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Progress } from '../../src/apply/execute.ts';
import type { Stage } from '../../src/model/federation.ts';
import { CONFIG_FILE } from '../../src/model/node-file.ts';
import type { ApplyReport } from '../../src/model/report.ts';
import { earlierQueries } from '../../src/stages/earlier-queries.ts';
import type { Lack } from './federation-books.ts';
import { type FederationEstate, fillOrders, NODES, stageYaml } from './federation-estate.ts';
import { allOrders, startTraffic, type TrafficReport } from './federation-traffic.ts';

const COMMUNITY = NODES.slice(0, 2);
/** Days that the filling covers, each with as many rows. */
const DAYS = 90;
const JANUARY = 31;

export interface Walk {
  /** Enters the stage. Where the other members leave, their rows may be missing from then on until all are back. */
  enter(stage: Stage, keys?: string): Promise<ApplyReport>;
  /** Moves all rows of a node to enterprise, as docs/federation.md tells people to do. */
  moveAway(node: string): Promise<void>;
  /** Orders of January expire. */
  expire(stage: Stage, keys?: string): Promise<void>;
  stop(): Promise<TrafficReport>;
}

/** Begins with so many rows on `community`; the stage was entered before. Of the schema, `expiring` is as it is when rows expire. */
export async function startWalk(
  federation: FederationEstate,
  rows: number,
  usual: string,
  expiring: string,
): Promise<Walk> {
  for (const [at, node] of COMMUNITY.entries())
    await federation.sql(node).run(fillOrders((at * rows) / 2, rows / 2));
  const traffic = startTraffic(federation, rows);
  let since = '2026-01-01';
  /** Behind a rollback the other member keeps what it gave back. */
  const prove = (nodes: readonly string[]): Promise<void> =>
    traffic.rest(async (end) => {
      traffic.check();
      const [row = []] = await federation
        .sql('community-1')
        .rows<[string, string]>(
          `SELECT toString(count()), toString(sum(cityHash64(tuple(*)))) FROM (${allOrders(rows, end, since)})`,
        );
      expect(await federation.content(nodes)).toBe(row.join(' '));
    });
  const apply = async (stage: Stage, keys: string): Promise<ApplyReport> => {
    let lack: Lack | undefined;
    let slow: Promise<unknown> = Promise.resolve();
    let [isSlow, isEarly] = [false, false];
    const started: Progress['started'] = ({ step }) => {
      if (stage !== 'compatibility') return;
      if (step.file?.path === CONFIG_FILE) lack ??= traffic.lack('enterprise');
      if (!step.stage) return;
      traffic.carry('enterprise', 'community');
      lack?.back();
    };
    const restart = async (node: string): Promise<void> => {
      await traffic.still(() => federation.restart(node));
      if (!lack || node !== COMMUNITY.at(-1)) return;
      // What comes back waits for this one.
      isSlow = true;
      slow = federation.sql(node).rows('SELECT sleepEachRow(0.3) FROM numbers(3)');
      slow = slow.finally(() => {
        isSlow = false;
      });
    };
    const ended: Progress['ended'] = ({ planned }) => {
      isEarly ||= isSlow && planned.step.export?.act === 'attach';
    };
    const progress = { started, ended };
    const report = await federation.enter(stage, `${usual}${keys}`, { restart, progress });
    await slow;
    expect(isEarly).toBe(false);
    return report;
  };
  const enter: Walk['enter'] = async (stage, keys = '') => {
    const report = await apply(stage, keys);
    await prove(stage === 'compatibility' ? COMMUNITY : NODES);
    return report;
  };
  const movePartition = async (node: string, partition: string, count: number): Promise<void> => {
    const [source, target] = [federation.sql(node), federation.sql('enterprise')];
    await target.run('CREATE TABLE moved.orders AS shop.orders');
    await source.run(
      `INSERT INTO FUNCTION cluster('enterprise', 'moved', 'orders') SELECT * FROM shop.orders
       WHERE _partition_id = '${partition}' SETTINGS distributed_foreground_insert = 1`,
    );
    const lack = traffic.lack(count);
    await source.run(`ALTER TABLE shop.orders DROP PARTITION ID '${partition}'`);
    await earlierQueries(COMMUNITY.map(federation.sql), { patience: 60_000 });
    await target.run(`ALTER TABLE shop.orders ATTACH PARTITION ID '${partition}' FROM moved.orders`);
    traffic.carry('community', 'enterprise', count);
    lack.back();
    await target.run('DROP TABLE moved.orders SYNC');
  };
  return {
    enter,
    async moveAway(node) {
      await federation.sql('enterprise').run('CREATE DATABASE IF NOT EXISTS moved');
      const partitions = await federation
        .sql(node)
        .rows<[string, number]>(
          'SELECT _partition_id, toUInt32(count()) FROM shop.orders GROUP BY 1 ORDER BY 1',
        );
      for (const [partition, count] of partitions) await movePartition(node, partition, count);
    },
    async expire(stage, keys = '') {
      const lack = traffic.lack((rows / DAYS) * JANUARY);
      since = '2026-02-01';
      await federation.declare(stageYaml(stage, `${usual}${keys}`), expiring);
      await apply(stage, keys);
      for (const node of NODES) await untilEmpty(federation, node, `day < '${since}'`);
      lack.gone();
      await prove(NODES);
    },
    stop: traffic.stop,
  };
}

/** Waits for as long as the node has such orders. */
async function untilEmpty(federation: FederationEstate, node: string, where: string): Promise<void> {
  const ask = `SELECT toUInt32(count()) FROM shop.orders WHERE ${where}`;
  while ((await federation.sql(node).rows<[number]>(ask))[0]?.[0] !== 0) await sleep(20);
}
