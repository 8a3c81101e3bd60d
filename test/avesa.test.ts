/** The demo, told from the first plan to the last check: tenants, files in S3, histories, and what each tenant reads. */
import { beforeAll, describe, expect, test } from 'vitest';
import { demo } from '../src/commands/demo.ts';
import { size } from './support/size.ts';

/** Of each tenant in each of three tables: in the soak more than a million on one cluster alone. */
const ROWS = size(1000, 200_000);
const CHANGED = ROWS / 100;
const counted = (count: number): string => count.toLocaleString('en');
const CANARIES = { ACME_APP_PASSWORD: 'acme-7ea1c0ffee', GLOBEX_APP_PASSWORD: 'globex-7ea1c0ffee' };

let told = '';
beforeAll(
  async () => {
    Object.assign(process.env, CANARIES);
    const add = (text: string): void => {
      told += text;
    };
    const output = { result: add, note: (text: string) => add(`${text}\n`), colour: false, live: false };
    await demo(output, { rows: ROWS }).catch((error: unknown) => {
      throw new Error(`${told.slice(-2000)}\n${String(error)}`);
    });
  },
  size(300_000, 1_800_000),
);

describe(`${counted(ROWS)} rows of each table and tenant`, () => {
  test('are loaded from Parquet and lines of JSON, for each tenant where writes go', () => {
    const bulk = told.match(/: [\d,]+ rows read, [\d,]+ opened {2}/g) ?? [];
    // Three feeds of two tenants and two of one, on the cluster that takes the federation's writes.
    expect(
      bulk.filter((line) => line.startsWith(`: ${counted(ROWS)} rows read, ${counted(ROWS)} opened`)),
    ).toHaveLength(8);
    expect(told).toMatch(/✓ community-2 {2}avesa.time_entries globex \(time_entries_canonical\)/);
    expect(told).not.toContain('avesa.time_entries initech');
  });

  test('change, and a row of another tenant goes into quarantine', () => {
    const changes = `${counted(CHANGED)} opened, ${counted(CHANGED)} closed`;
    expect(told).toContain(
      `initech (companies_canonical): ${counted(ROWS + CHANGED)} rows read, ${changes} `,
    );
    expect(told).toContain(
      `acme (companies_canonical): ${counted(ROWS + CHANGED + 1)} rows read, ${changes}, 1 bad`,
    );
    expect(told).toContain('1 bad row is in quarantine: a row of another tenant.');
  });

  test.each([
    ['acme', 'globex'],
    ['globex', 'initech'],
    ['initech', 'acme'],
  ])('are read by %s as itself, now and as of a moment, and none of %s', (tenant, other) => {
    const line = told.split('\n').find((one) => one.startsWith(`${tenant}_app@community-`));
    expect(line).toContain(
      `> ${ROWS} companies, ${ROWS * 0.9} active, the largest has 100000 employees (99 in mid-January)`,
    );
    expect(line).toContain(`, 0 of ${other}; `);
  });

  test('and the story ends well: no drift, and every history right', () => {
    expect(told).toMatch(/\$ plumbline drift --embedded\n[^$]*exit code 0/);
    const [checks = ''] = told.slice(told.indexOf('plumbline scd check')).split('\n$ ');
    const right = new RegExp(`: ${counted(ROWS)} keys, ${counted(ROWS)} of them live, [\\d,]+ versions`, 'g');
    expect(checks.match(right)).toHaveLength(8);
    expect(checks).not.toContain('✗');
  });

  test('after the clusters came to be read as one; what keeps writes from moving is told', () => {
    expect(told).toContain('federation federation: compatibility → network\n  ✓ one-stage');
    expect(told).toMatch(/ {2}compatibility → \[network\] → switchover → decommission → final\n/);
    expect(told).toMatch(/✗ histories-whole: community-1 holds [\d,]+ versions in avesa.companies/);
  });

  test('without a password in what is shown', () => {
    for (const password of Object.values(CANARIES)) expect(told).not.toContain(password);
  });
});
