/** Rollbacks that are killed, the server or the run, at seeded moments: whatever was under way, the next apply ends it, and no row is lost or doubled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlumblineError } from '../src/model/errors.ts';
import type { Stage } from '../src/model/federation.ts';
import type { StepResult } from '../src/model/report.ts';
import { type FederationEstate, startFederation } from './support/federation-estate.ts';
import { size } from './support/size.ts';

const SEED = 20261120;
const KILLS = size(1, 30);
const ROWS = size(20_000, 400_000);

const SCHEMA = `kind: Database
name: shop
on: [community, enterprise]
---
kind: Table
database: shop
name: orders
columns: { id: UInt64, day: Date, total: Float64, note: Nullable(String) }
partition_by: toYYYYMM(day)
order_by: id
`;

const declaration = (stage: Stage): string => `kind: Federation
name: federation
members: [community, enterprise]
reads: community
stage: ${stage}
tables: shop.*
overrides: { one-stage: the test begins anew }
`;

let federation: FederationEstate;
beforeAll(async () => {
  federation = await startFederation();
  process.stdout.write(`seed ${SEED}, ${KILLS} kills, ${ROWS} rows each\n`);
});
afterAll(() => federation?.stop());

/** 0 to 1, the same for every run. */
function random(at: number): number {
  const x = Math.sin(SEED + at * 12.9898) * 43758.5453;
  return x - Math.floor(x);
}

const content = async (nodes: readonly string[]): Promise<string> => {
  const rows = await Promise.all(
    nodes.map((node) =>
      federation
        .sql(node)
        .rows<[string, string]>(
          'SELECT toString(count()), toString(sum(cityHash64(tuple(*)))) FROM shop.orders',
        ),
    ),
  );
  return [0, 1]
    .map((at) => rows.reduce((sum, [row]) => BigInt.asUintN(64, sum + BigInt(row?.[at] ?? 0)), 0n))
    .join(' ');
};

const enter = async (stage: Stage): Promise<void> => {
  await federation.declare(declaration(stage), SCHEMA);
  const { results } = await federation.apply();
  expect(results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
};

/** What stopped the first of them, or the error that it ended with. */
async function untilDone(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const { results } = await federation.apply({ lockSeconds: 5 });
      if (results.every(({ outcome }) => outcome === 'done')) return;
    } catch (error) {
      if (!(error instanceof PlumblineError) || attempt > 8) throw error;
    }
    if (attempt > 8) throw new Error('nine applies did not end the rollback');
    await sleep(2000);
  }
}

test('a rollback whose server is killed in the middle', { timeout: size(120_000, 3_600_000) }, async () => {
  const reached = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++) {
    await enter('network');
    for (const node of ['community-1', 'enterprise'])
      await federation
        .sql(node)
        .run(
          `INSERT INTO shop.orders SELECT number, toDate('2026-01-01') + number % 60, ${kill}, if(number % 3 = 0, NULL, toString(number)) FROM numbers(${ROWS})`,
        );
    const before = await content(['community-1', 'community-2', 'enterprise']);
    await federation.declare(declaration('compatibility'), SCHEMA);
    const victim = random(kill) < 0.7 ? 'community-1' : 'community-2';
    const wanted = Math.floor(random(kill + 1000) * 8);
    const pause = random(kill + 2000) * size(150, 400);
    let killed: Promise<void> | undefined;
    let number = 0;
    const begin = (planned: StepResult['planned']): void => {
      if (!planned.step.export || planned.node !== victim || number++ !== wanted) return;
      reached.add(planned.step.export.act);
      killed = sleep(pause).then(() => federation.restart(victim));
    };
    await federation
      .apply({ lockSeconds: 5, progress: { started: begin, ended: () => {} } })
      .catch((error: unknown) => {
        if (!(error instanceof PlumblineError)) throw error;
      });
    await killed;
    await untilDone();
    expect(`${kill}: ${await content(['community-1', 'community-2'])}`).toBe(`${kill}: ${before}`);
    for (const node of ['community-1', 'community-2', 'enterprise'])
      await federation.sql(node).run('TRUNCATE TABLE shop.orders');
  }
  process.stdout.write(`killed while: ${[...reached].sort().join(', ')}\n`);
});
