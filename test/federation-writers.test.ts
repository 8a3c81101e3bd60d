/** Who may write where, in every stage of a federation, as its declaration expands to grants; and where loads go. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { DeclarationError } from '../src/model/errors.ts';
import type { Stage } from '../src/model/federation.ts';
import { loadJobs } from '../src/scd/jobs.ts';
import { CLUSTERS, federationYaml, SCHEMA } from './support/federation-estate.ts';

const ROLE = '---\nkind: Role\nname: writer\non: [community, enterprise]\n';

async function estateOf(stage: Stage, more = '') {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-writers-'));
  await mkdir(join(folder, 'clusters'));
  await mkdir(join(folder, 'schemas'));
  const yaml = federationYaml('writers: [writer]\n').replace('stage: network', `stage: ${stage}`);
  await writeFile(join(folder, 'clusters', 'all.yaml'), `${CLUSTERS}---\n${yaml}`);
  await writeFile(join(folder, 'schemas', 'shop.yaml'), `${SCHEMA}${ROLE}${more}`);
  return loadEstate(folder).finally(() => rm(folder, { recursive: true, force: true }));
}

const grantsAt = async (stage: Stage): Promise<string[]> =>
  (await estateOf(stage)).objects
    .filter(
      ({ tree, generatedBy }) => tree.root.id.kind === 'grant' && generatedBy === 'Federation federation',
    )
    .map(({ tree, clusters }) => `${[...clusters]}: ${JSON.stringify(tree.root.attributes.rights)}`);

test('writers may insert where writes go, and nowhere else', async () => {
  for (const stage of ['compatibility', 'network'] as const)
    expect(await grantsAt(stage)).toEqual(['community: {"INSERT":"granted"}', 'enterprise: {}']);
  for (const stage of ['switchover', 'decommission', 'final'] as const)
    expect(await grantsAt(stage)).toEqual(['enterprise: {"INSERT":"granted"}', 'community: {}']);
});

test('another grant of the same right is a mistake with its place', async () => {
  const twin =
    '---\nkind: Grant\nto: writer\ntarget: shop.orders\nprivileges: [INSERT]\non: [community, enterprise]\n';
  const error = await estateOf('network', twin).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DeclarationError);
  expect((error as DeclarationError).findings.map(({ rule }) => rule)).toEqual(['duplicate']);
});

const HISTORY = `---
kind: ScdTable
database: shop
name: customers
tenant: tenant
key: id
columns: { tenant: String, id: String, name: String }
---
kind: Feed
name: customers
table: shop.customers
source: { table: "inbox.{tenant}" }
valid_from: loaded
`;

test('histories are loaded where writes go, and say that they are histories', async () => {
  for (const [stage, member] of [
    ['network', 'community'],
    ['switchover', 'enterprise'],
  ] as const) {
    const estate = await estateOf(stage, HISTORY);
    const jobs = loadJobs(estate, { tenants: ['acme'] });
    expect(jobs.map(({ cluster }) => cluster.name)).toEqual([member]);
    const [federation] = estate.federations ?? [];
    const histories = federation?.covered.filter(({ isHistory }) => isHistory) ?? [];
    expect(histories.map(({ path }) => path.join('.'))).toEqual(['shop.customers']);
  }
});
