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
  Database: 'database',
  Table: 'table',
  View: 'view',
  MaterializedView: 'materialized-view',
  Dictionary: 'dictionary',
  Function: 'function',
  NamedCollection: 'named-collection',
  Workload: 'workload',
  Resource: 'resource',
  Raw: 'raw',
};

it('docs/declarations.md is true to the schemas', async () => {
  const kinds = Object.entries(KINDS).map(([name, file]) => ({ name, schema: load(file) }));
  await expect(reference(kinds, load('common'))).toMatchFileSnapshot('../docs/declarations.md');
});
