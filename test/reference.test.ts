/** The YAML reference in docs/ says what the JSON Schemas say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reference } from './support/reference.ts';

const FOLDER = join(import.meta.dirname, '../src/declared/schema');
const load = (name: string) => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));

const KINDS = {
  Cluster: 'cluster',
  DrPair: 'dr-pair',
  Federation: 'federation',
  Tenant: 'tenant',
  Database: 'database',
  Table: 'table',
  ScdTable: 'scd-table',
  Feed: 'feed',
  View: 'view',
  MaterializedView: 'materialized-view',
  Dictionary: 'dictionary',
  Function: 'function',
  NamedCollection: 'named-collection',
  Workload: 'workload',
  Resource: 'resource',
  Role: 'role',
  Grant: 'grant',
  SettingsProfile: 'settings-profile',
  Quota: 'quota',
  RowPolicy: 'row-policy',
  User: 'user',
  Raw: 'raw',
};

it('docs/declarations.md is true to the schemas', async () => {
  // Kinds may refer to what a table is made of, tenants to what users and quotas say.
  const { $defs } = load('table');
  const said = { ...load('quota').properties, ...load('user').$defs, ...load('user').properties };
  const kinds = Object.entries(KINDS).map(([name, file]) => {
    const schema = load(file);
    return {
      name,
      schema: { ...schema, $defs: { ...$defs, ...(name === 'Tenant' && said), ...schema.$defs } },
    };
  });
  await expect(reference(kinds, load('common'))).toMatchFileSnapshot('../docs/declarations.md');
});
