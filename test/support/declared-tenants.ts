/** Declarations of tenants go in; the estate that they make of a small schema, and what is wrong with them, come out. */
import { expand } from '../../src/declared/expand.ts';
import { readDeclarations } from '../../src/declared/files.ts';
import { showPlace } from '../../src/model/place.ts';
import { makeFolder } from './folder.ts';

const CLUSTERS = ['main', 'other']
  .map(
    (name) =>
      `kind: Cluster\nname: ${name}\nedition: community\nversion: "26.7"\nshards: [{ replicas: [{ host: ${name} }] }]`,
  )
  .join('\n---\n');

const table = (name: string, engine = 'MergeTree', columns = 'tenant_id: String, note: String'): string =>
  `---\nkind: Table\ndatabase: avesa\nname: ${name}\ncolumns: { ${columns} }\nengine: ${engine}\n${engine === 'MergeTree' ? 'order_by: note\n' : ''}`;

const view = (name: string, query: string, more = ''): string =>
  `---\nkind: View\ndatabase: avesa\nname: ${name}\nquery: ${query}\n${more}`;

export const SCHEMA = `kind: Database
name: avesa
on: [main, other]
${table('notes')}${table('rates', 'MergeTree', 'currency: String, note: String')}
${table('joined', 'Join(ANY, LEFT, note)')}${table('everywhere', 'Distributed(main, avesa, notes)')}
${table('elsewhere', 'Distributed(far, avesa, notes)')}
${view('own', 'SELECT * FROM avesa.notes')}${view('sums', 'SELECT count() FROM avesa.own')}
${view('definer', 'SELECT tenant_id FROM avesa.notes', 'sql_security: definer\ndefiner: default\n')}
${view('total', 'SELECT count() FROM avesa.notes', 'sql_security: definer\ndefiner: default\n')}
`;

export async function expanded(tenants: string, schema = SCHEMA) {
  const folder = await makeFolder({
    'clusters/c.yaml': CLUSTERS,
    'schemas/s.yaml': schema,
    'tenants/t.yaml': tenants,
  });
  const { entries, findings } = await readDeclarations(folder.path);
  await folder.remove();
  const { estate, findings: mistakes } = expand(entries);
  const told = [...findings, ...mistakes].map(
    ({ rule, message, place }) =>
      `${place ? showPlace(place).replace('tenants/t.yaml:', '') : '-'} ${rule}: ${message}`,
  );
  return { estate, told };
}

export const ACME = 'kind: Tenant\nname: acme\non: main\n';
