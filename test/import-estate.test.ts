/** A generated estate of mixed kinds and hostile names: imported, it plans empty; applied elsewhere, it imports to the same bytes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServerError } from '../src/live/server.ts';
import { adoptElsewhere, expectNothingToDo, filesBelow, runImport } from './support/adopted.ts';
import { anyEstate } from './support/any-estate.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = Number(process.env.PLUMBLINE_SEED ?? 20261120);
const OBJECTS = size(560, 1800);

let full: TestEstate;
let empty: TestEstate;
beforeAll(async () => {
  [full, empty] = await Promise.all([startTestEstate(), startTestEstate()]);
});
afterAll(async () => {
  await Promise.all([full?.stop(), empty?.stop()]);
});

test(`an estate of ${OBJECTS} objects from seed ${SEED}`, async () => {
  const refused: string[] = [];
  for (const statement of anyEstate(SEED, OBJECTS)) {
    await full.sql[0]?.run(statement).catch((error) => {
      if (!(error instanceof ServerError) || error.code === undefined) throw error;
      refused.push(`${statement.slice(0, 60)}: ${error.reason.slice(0, 100)}`);
    });
  }
  const said = await runImport(full);
  process.stdout.write(`${refused.length} statements refused by the server\n${said}`);
  expect(said).not.toContain('left out');
  await expectNothingToDo(full);
  const texts = Object.values(filesBelow(`${full.folder}/schemas`)).join('');
  expect(texts).not.toContain('[HIDDEN]');
  await adoptElsewhere(full, empty);
}, 600_000);
