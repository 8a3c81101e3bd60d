/** Measures a rollback of a federation: copying, proving and attaching a partition, against a bare `INSERT SELECT` of the same rows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { newRun } from '../src/commands/identity.ts';
import { openSettled } from '../src/live/settled.ts';
import { startFederation } from '../test/support/federation-estate.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const ROWS = Number(process.argv[2] ?? 10_000_000);

const SCHEMA = `kind: Database
name: shop
on: [community, enterprise]
---
kind: Table
database: shop
name: orders
columns: { id: UInt64, day: Date, total: Float64, note: String }
order_by: id
`;

const declaration = (stage: string): string =>
  `kind: Federation\nname: federation\nmembers: [community, enterprise]\nreads: community\nstage: ${stage}\ntables: shop.*\n`;

const folder = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
const federation = await startFederation();
try {
  await federation.declare(declaration('network'), SCHEMA);
  await federation.apply();
  await federation
    .sql('enterprise')
    .run(
      `INSERT INTO shop.orders SELECT number, toDate('2026-01-01'), number, toString(cityHash64(number)) FROM numbers(${ROWS})`,
    );
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const [at, node] of ['community-1', 'community-2'].entries()) {
      const server = federation.sql(node);
      await server.run('CREATE OR REPLACE TABLE shop.bare AS shop.orders');
      const began = Date.now();
      await server.run(
        `INSERT INTO shop.bare SELECT * FROM cluster('enterprise', 'shop', 'orders') WHERE cityHash64(id) % 2 = ${at}`,
      );
      times[round] = (times[round] ?? 0) + Date.now() - began;
      await server.run('DROP TABLE shop.bare SYNC');
    }
  }
  await federation.declare(declaration('compatibility'), SCHEMA);
  const estate = await federation.estate();
  const options = { settled: openSettled(join(folder, 'settled.json')), connectTimeout: 10_000 };
  const agreed = await survey(estate, options);
  const report = await applyPlan(estate, agreed, {
    ...options,
    restart: federation.restart,
    identity: await newRun(folder),
    allowed: new Set(),
    lockSeconds: 60,
    progress: { started: () => {}, ended: () => {} },
    shouldStop: () => false,
  }).finally(agreed.close);
  const exports = report.results.filter(({ planned }) => planned.step.export);
  const failed = report.results.filter(({ outcome }) => outcome !== 'done');
  for (const { planned, milliseconds } of exports)
    say(`${planned.node} ${planned.step.export?.act}: ${milliseconds} ms`);
  const bare = Math.min(...times);
  // Copies of both shards run side by side, so that their times overlap.
  say(`bare, one shard after the other: ${times.join(', ')} ms for ${ROWS} rows`);
  const copies = exports.filter(({ planned }) => planned.step.export?.act === 'copy');
  const longest = Math.max(...copies.map(({ milliseconds }) => milliseconds));
  const attaches = exports
    .filter(({ planned }) => planned.step.export?.act === 'attach')
    .reduce((all, { milliseconds }) => all + milliseconds, 0);
  say(`rollback: ${longest + attaches} ms, ratio ${(bare / (longest + attaches)).toFixed(2)}`);
  say(failed.length === 0 ? 'all steps done' : `not done: ${failed.map(({ error }) => error).join('; ')}`);
} finally {
  await federation.stop();
  await rm(folder, { recursive: true, force: true });
}
