/** Every state of the corpus, applied to an empty server and imported from it: the files that come out plan empty. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { expectNothingToDo, giveSecrets, runImport } from './support/adopted.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const CORPUS = new URL('./corpus/', import.meta.url);
const STATES = ['before', 'after'] as const;

let estates: readonly TestEstate[];
beforeAll(async () => {
  estates = await Promise.all(STATES.map(() => startTestEstate(1, { remoteServers: REMOTE })));
});
afterAll(async () => {
  await Promise.all(estates.map((estate) => estate.stop()));
});

/** Nobody is asked there. */
const REMOTE = ['here', 'there'].map((name) => ({ name, shards: [[{ host: '127.0.0.1', port: 9 }]] }));

/** The files of what this server does not take, with the reasons: some cases are about what is refused, or fails. */
async function refusedFiles(estate: TestEstate): Promise<Map<string, string>> {
  const plan = await estate.plan();
  const refused = new Map<string, string>();
  for (const { severity, place, message } of planFindings(plan))
    if (severity === 'error' && place) refused.set(place.file, message);
  for (const { step } of plannedSteps(plan))
    if (step.refusals.length > 0 && step.place) refused.set(step.place.file, step.refusals.join());
  if (refused.size > 0) return refused;
  const { results } = await estate.apply();
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  return new Map(failed.map(({ planned, error = '' }) => [planned.step.place?.file ?? '', error]));
}

/** Declares and applies all that the server takes; gives the number of cases. */
async function applyAll(estate: TestEstate, state: string): Promise<number> {
  const files = new Map(
    readdirSync(CORPUS).map((name) => [
      `${name}.yaml`,
      readFileSync(new URL(`${name}/${state}.yaml`, CORPUS), 'utf8'),
    ]),
  );
  giveSecrets([...files.values()]);
  for (;;) {
    await estate.write(Object.fromEntries(files));
    const refused = await refusedFiles(estate);
    if (refused.size === 0) return files.size;
    for (const [file, reason] of refused) {
      process.stdout.write(`${state}: without ${file}: ${reason.slice(0, 120)}\n`);
      files.delete(file.replace('schemas/', ''));
    }
  }
}

test.each(STATES.map((state, at) => [state, at] as const))(
  '%s',
  async (state, at) => {
    const estate = estates[at];
    if (!estate) throw new Error('no server');
    const cases = await applyAll(estate, state);
    rmSync(join(estate.folder, 'schemas'), { recursive: true });
    rmSync(join(estate.folder, '.plumbline'), { recursive: true });
    const said = await runImport(estate);
    process.stdout.write(
      `${state}: ${cases} cases: ${said.split('\n', 1)[0]}\n${said
        .split('\n')
        .filter((line) => /warning|error/.test(line))
        .join('\n')}\n`,
    );
    expect(said).not.toContain('left out');
    await expectNothingToDo(estate);
  },
  600_000,
);
