/** What the isolation suite declares: every kind of object over shared rows, three tenants, and the rows of each. */

const COLUMNS = 'tenant_id: LowCardinality(String), note_id: UInt64, text: String, amount: UInt64';

const table = (name: string, engine: string, more = ''): string =>
  `---\nkind: Table\ndatabase: avesa\nname: ${name}\ncolumns: { ${COLUMNS} }\nengine: ${engine}\n${more}`;

const view = (name: string, more: string): string =>
  `---\nkind: View\ndatabase: avesa\nname: ${name}\n${more}\n`;

const SCHEMA = `kind: Database
name: avesa
on: main
---
kind: ScdTable
database: avesa
name: companies
tenant: tenant_id
key: company_id
columns: { tenant_id: LowCardinality(String), company_id: UInt64, text: String, amount: UInt64 }
---
kind: Table
database: avesa
name: notes
columns: { ${COLUMNS} }
indexes: { words: { expression: text, type: text(tokenizer = 'splitByNonAlpha') } }
projections:
  by_text: SELECT * ORDER BY text
  per_tenant: SELECT tenant_id, count(), sum(amount) GROUP BY tenant_id
  per_text: SELECT text, count() GROUP BY text
partition_by: tenant_id
order_by: [tenant_id, intHash32(note_id)]
sample_by: intHash32(note_id)
---
kind: Table
database: avesa
name: tallies
columns: { tenant_id: LowCardinality(String), notes: UInt64, amount: UInt64 }
order_by: tenant_id
---
kind: MaterializedView
database: avesa
name: tallies_from_notes
to: tallies
columns: { tenant_id: LowCardinality(String), notes: UInt64, amount: UInt64 }
query: SELECT tenant_id, count() AS notes, sum(amount) AS amount FROM avesa.notes GROUP BY tenant_id
---
kind: MaterializedView
database: avesa
name: texts
columns: { tenant_id: LowCardinality(String), text: String }
engine: MergeTree
order_by: tenant_id
query: SELECT tenant_id, text FROM avesa.notes
---
kind: Dictionary
database: avesa
name: notes_by_id
columns: { note_id: UInt64, tenant_id: String, text: String, amount: UInt64 }
primary_key: note_id
source: { clickhouse: { db: avesa, table: notes } }
layout: hashed
lifetime: 300
---
kind: Table
database: avesa
name: rates
columns: { currency: String, rate: Float64 }
order_by: currency
${table('notes_log', 'Log')}
${table('notes_memory', 'Memory')}
${table('notes_buffer', 'Buffer(avesa, notes, 1, 100, 100, 10000, 10000, 1000000, 1000000)')}
${table('notes_merged', "Merge(avesa, '^notes$')")}
${table('notes_all', 'Distributed(main, avesa, notes)')}
${table('notes_joined', 'Join(ANY, LEFT, note_id)')}
${table('notes_set', 'Set')}
${view('notes_plain', 'query: SELECT * FROM avesa.notes')}
${view('notes_invoker', 'sql_security: invoker\nquery: SELECT tenant_id, text, amount FROM avesa.companies FINAL')}
${view('notes_definer', 'sql_security: definer\ndefiner: default\nquery: SELECT * FROM avesa.notes')}
${view('notes_totals', 'query: SELECT sum(amount) AS total, count() AS notes FROM avesa.notes')}
${view('notes_twice', 'query: SELECT a.text, b.amount FROM avesa.notes_plain AS a JOIN avesa.notes_definer AS b USING (note_id)')}
${view('notes_since', "query: 'SELECT * FROM avesa.notes WHERE note_id >= {since:UInt64}'")}
`;

export const ISOLATION_SCHEMA = {
  'clusters/main.yaml': `kind: Cluster
name: main
edition: community
version: "26.7"
shards: [{ replicas: [{ host: one.example }] }, { replicas: [{ host: two.example }] }]
`,
  'schemas/avesa.yaml': SCHEMA,
};

export const TENANTS = ['acme', 'globex', 'initech'];

export const ISOLATION_TENANTS = Object.fromEntries(
  TENANTS.map((name) => [`tenants/${name}.yaml`, `kind: Tenant\nname: ${name}\non: main\n`]),
);

/** Ten notes of each tenant, whose texts and amounts tell whose they are: those of the first are odd, and small. */
const NOTES = `SELECT ['acme', 'globex', 'initech'][number % 3 + 1] AS tenant_id, number AS note_id,
  if(number % 3 = 0, 'ours', ['', 'gx-canary', 'it-canary'][number % 3 + 1]) || ' ' || toString(number) AS text,
  if(number % 3 = 0, 1, 770000 + number) AS amount FROM numbers(30)`;

export const ISOLATION_ROWS = (node: number): string[] => [
  `INSERT INTO avesa.notes ${NOTES.replace('number AS note_id', `number + ${node * 30} AS note_id`)}`,
  ...['notes_log', 'notes_joined'].map((name) => `INSERT INTO avesa.${name} ${NOTES}`),
  `INSERT INTO avesa.notes_set ${NOTES}`,
  `INSERT INTO avesa.companies (tenant_id, company_id, text, amount) ${NOTES.replace('note_id', 'company_id')}`,
  "INSERT INTO avesa.rates VALUES ('EUR', 1)",
  "INSERT INTO avesa.companies_quarantine (tenant_id, load_row) VALUES ('globex', 'gx-canary')",
  "INSERT INTO avesa.companies_landing (load_batch, tenant_id, text) VALUES ('1', 'globex', 'gx-canary')",
];

/** What a server forgets when it is started again, and what another tenant asks. */
export const ISOLATION_LATE = [
  `INSERT INTO avesa.notes_memory ${NOTES}`,
  "SELECT 'gx-canary'",
  'SYSTEM FLUSH LOGS',
];
