/** Repairs a real site in every way in which dropping and inserting again goes wrong, beside a tool that does just that. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RepairReport, type RepairSites, startRepairSites } from './support/dr-repair-sites.ts';
import { looksEqual, repairNaively } from './support/naive-repair.ts';
import { holdsOf, REPAIR_CASES, type RepairCase } from './support/repair-cases.ts';

let sites: RepairSites;
beforeAll(async () => {
  sites = await startRepairSites({
    max_partition_size_to_drop: 1_000_000,
    max_partitions_per_insert_block: 5,
  });
});
afterAll(() => sites.stop());

type Named = (statement: string) => string;

const namedFor =
  (table: string): Named =>
  (statement) =>
    statement.replaceAll('dr.t', `dr.${table}`).replaceAll(`'dr', 't'`, `'dr', '${table}'`);

async function prepare({ both = [], active = [], passive = [] }: RepairCase, named: Named): Promise<void> {
  await sites.run(...both.map(named));
  for (const statement of active) await sites.active.run(named(statement));
  for (const statement of passive) await sites.passive.run(named(statement));
}

const isTrue = async (query: string): Promise<boolean> =>
  Number((await sites.passive.rows(query))[0]?.[0]) === 1;

/** Whether the sites showed nothing wrong before any statement; writes what somebody else writes. */
function watch({ meanwhile, during }: RepairCase, which: 0 | 1, named: Named) {
  let right = true;
  const before = async (statement: number): Promise<void> => {
    if (during && !(await isTrue(named(during)))) right = false;
    if (meanwhile && meanwhile[which] === statement) await sites.passive.run(named(meanwhile[2]));
  };
  return { before, isRight: () => right };
}

/** Whether the tool that drops and inserts leaves all as it should be, and finds nothing more to do. */
async function naivelyRight(one: RepairCase, table: string): Promise<boolean> {
  const named = namedFor(table);
  await prepare(one, named);
  const { before, isRight } = watch(one, 1, named);
  try {
    await repairNaively(sites, table, before);
    for (const statement of one.later ?? []) await sites.run(named(statement));
    if (!(await isTrue(named(holdsOf(one))))) return false;
    return isRight() && (one.refuses !== undefined || (await looksEqual(sites, table)));
  } catch {
    return false;
  }
}

/** Verdicts that are nobody's to repair, and the words in front of the reasons of what was not repaired. */
function refusals({ compared, refused, errors, tables }: RepairReport): string[] {
  const repairable = ['equal', 'different', 'missing on passive'];
  return [
    ...tables.filter((verdict) => verdict !== 'compared'),
    ...compared.map(({ verdict }) => verdict).filter((verdict) => !repairable.includes(verdict)),
    ...refused.map(({ refusal }) => refusal),
    ...Object.values(errors).map((error) => error.split(':', 1)[0] ?? ''),
  ];
}

describe('what goes wrong when partitions are dropped and inserted again', () => {
  const cases = REPAIR_CASES.map((one, at) => ({ ...one, table: `case${at}` }));
  let naivelyWrong = 0;

  it.each(cases)('$name', async ({ table, ...one }) => {
    const named = namedFor(table);
    await prepare(one, named);
    const { before, isRight } = watch(one, 0, named);
    expect(refusals(await sites.repair([table], { before }))).toEqual(one.refuses ?? []);
    for (const statement of one.later ?? []) await sites.run(named(statement));
    if (one.later)
      await vi.waitFor(async () => expect(refusals(await sites.repair([table]))).toEqual([]), 15_000);
    expect(await isTrue(named(holdsOf(one)))).toBe(true);
    expect(isRight()).toBe(true);
    const again = await sites.repair([table]);
    if (one.refuses === undefined || one.later) expect([again.done, refusals(again)]).toEqual([[], []]);
    expect(await sites.stagings()).toEqual([]);

    if (one.isEasy) return;
    expect(await naivelyRight(one, `naive${table}`)).toBe(false);
    naivelyWrong++;
  });

  it('goes wrong every time', () => {
    const hard = cases.filter(({ isEasy }) => !isEasy).length;
    process.stdout.write(
      `${naivelyWrong} of ${hard} cases: repaired or refused; the naive tool fails each\n`,
    );
    expect(naivelyWrong).toBe(hard);
  });
});
