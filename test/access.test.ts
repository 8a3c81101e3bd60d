/** Users, roles and rights as a real server shows them, compared with declarations of the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import { plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const usersXml = defaultUsersXml.replace('</users>', '</users><roles><reader></reader></roles>');

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate(1, { usersXml });
});
afterAll(() => estate?.stop());

async function planOf(
  yaml: string,
): Promise<{ statements: string[]; refusals: string[]; unmanaged: string[] }> {
  await estate.write({ 'access.yaml': yaml });
  const plan = await estate.plan();
  const steps = plannedSteps(plan).map(({ step }) => step);
  return {
    statements: steps.flatMap((step) => step.statements),
    refusals: steps.flatMap((step) => step.refusals),
    unmanaged: plan.clusters.flatMap(({ nodes }) =>
      nodes.flatMap((node) => node.unmanaged.map(({ path }) => path.join('.'))),
    ),
  };
}

test('a role of the configuration files is seen, and changed there only', async () => {
  expect(await planOf('kind: Role\nname: reader\non: test\n')).toEqual({
    statements: [],
    refusals: [],
    unmanaged: [],
  });
  const { statements, refusals } = await planOf(
    'kind: Role\nname: reader\non: test\nsettings: { max_threads: 2 }\n',
  );
  expect(statements).toEqual([]);
  expect(refusals).toEqual(['it comes from the configuration files of the server; change it there']);
});

test('a role is created in one statement, with its settings and their limits', async () => {
  const yaml = `kind: Role
name: it's new
on: test
profiles: [base]
settings: { max_memory_usage: 10G, max_threads: { value: 2, max: 8, writability: const }, readonly: { min: 1 } }
`;
  const { statements } = await planOf(yaml);
  expect(statements).toEqual([
    "CREATE ROLE `it's new` SETTINGS PROFILE `base`, max_memory_usage = '10G', max_threads = 2 MAX 8 CONST, readonly MIN 1",
  ]);
});
