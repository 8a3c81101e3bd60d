/** A federation's members that are read with others: the profile by which they behave like the version of those that read. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportExitCode } from '../src/commands/report-exit-code.ts';
import { connect } from '../src/live/server.ts';
import { plannedSteps } from '../src/model/plan.ts';
import {
  type FederationEstate,
  federationYaml,
  SCHEMA,
  startFederation,
} from './support/federation-estate.ts';

const ANALYST = '---\nkind: User\nname: analyst\non: enterprise\nidentified: { with: no_password }\n';

let federation: FederationEstate;
beforeAll(async () => {
  federation = await startFederation();
});
afterAll(() => federation?.stop());

const profileSteps = async () =>
  plannedSteps(await federation.plan()).filter(({ step }) =>
    step.changes.some(({ object }) => object.kind === 'settings profile'),
  );

test('where statements make users, one profile reaches all of them', async () => {
  const clusters = join(federation.folder, 'clusters', 'clusters.yaml');
  const text = await readFile(clusters, 'utf8');
  await writeFile(clusters, text.replace('access: users_xml\n', ''));
  const [own] = (await federation.estate()).objects.filter(
    ({ tree }) => tree.root.id.kind === 'settings profile',
  );
  expect(own?.generatedBy).toBe('Federation federation');
  expect(own?.tree.root.attributes).toMatchObject({ to: 'ALL' });
  const steps = (await profileSteps()).map(({ node, step }) => [node, step.statements, step.place?.file]);
  expect(steps).toEqual([
    [
      'enterprise',
      ["CREATE SETTINGS PROFILE `compatibility` SETTINGS compatibility = '26.7' TO ALL"],
      'clusters/federation.yaml',
    ],
  ]);
  await writeFile(clusters, text);
});

test('users of a file behave like the version of the reading member, which is declared once', async () => {
  await federation.declare(federationYaml(), SCHEMA + ANALYST);
  expect(reportExitCode(await federation.apply())).toBe(0);
  expect(await profileSteps()).toEqual([]);
  const node = federation.sql('enterprise').node;
  const analyst = connect({ ...node, user: { plain: 'analyst' } });
  expect(await analyst.rows("SELECT getSetting('compatibility')")).toEqual([['26.7']]);
  await analyst.close();
  const clusters = join(federation.folder, 'clusters', 'clusters.yaml');
  const text = await readFile(clusters, 'utf8');
  await writeFile(clusters, text.replace('"26.7"', '"26.6.1"'));
  const [planned] = await profileSteps();
  expect(planned?.node).toBe('enterprise');
  expect(JSON.stringify(planned?.step.changes)).toContain('26.6');
  expect(planned?.step.file?.text).toContain('<compatibility>26.6</compatibility>');
  await writeFile(clusters, text);
});
