/** Every state of the corpus, created on an empty server and imported from it: the files that come out plan empty. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServerError } from '../src/live/server.ts';
import { plannedSteps } from '../src/model/plan.ts';
import { expectNothingToDo, runImport } from './support/adopted.ts';
import { corpusCases, corpusUsers } from './support/corpus.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const STATES = (['after', 'before'] as const).slice(0, size(1, 2));

/** Nobody is asked there. */
const REMOTE = ['here', 'there'].map((name) => ({ name, shards: [[{ host: '127.0.0.1', port: 9 }]] }));

let estates: readonly TestEstate[];
beforeAll(async () => {
  const configuration = { remoteServers: REMOTE, usersXml: corpusUsers };
  estates = await Promise.all(STATES.map(() => startTestEstate(1, configuration)));
});
afterAll(async () => {
  await Promise.all(estates.map((estate) => estate.stop()));
});

/** Creates all that the server takes: some cases are about what it refuses. Gives the number of objects. */
async function createAll(estate: TestEstate, state: string): Promise<number> {
  const files = corpusCases.map((name) => [
    `${name}.yaml`,
    readFileSync(new URL(`corpus/${name}/${state}.yaml`, import.meta.url), 'utf8'),
  ]);
  await estate.write(Object.fromEntries(files));
  let created = 0;
  for (const { step } of plannedSteps(await estate.plan())) {
    try {
      const [database = '', ...inside] = step.object.path;
      const options = inside.length > 0 ? { database } : {};
      for (const statement of step.statements) await estate.sql[0]?.run(statement, options);
      created++;
    } catch (error) {
      if (!(error instanceof ServerError) || error.code === undefined) throw error;
      process.stdout.write(`${state}: not created: ${error.reason.slice(0, 160)}\n`);
    }
  }
  rmSync(join(estate.folder, 'schemas'), { recursive: true });
  rmSync(join(estate.folder, '.plumbline'), { recursive: true, force: true });
  return created;
}

test.each(STATES.map((state, at) => [state, at] as const))(
  '%s',
  async (state, at) => {
    const estate = estates[at];
    if (!estate) throw new Error('no server');
    const created = await createAll(estate, state);
    const said = (await runImport(estate)).split('\n');
    const told = said.filter((line) => /^ {2}(warning|error) /.test(line));
    process.stdout.write(
      `${state}: ${created} created; ${said[0]}\n${told.map((line) => `${line}\n`).join('')}`,
    );
    expect(told).toEqual([]);
    await expectNothingToDo(estate);
  },
  600_000,
);
