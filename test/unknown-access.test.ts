/** Names of users, roles and profiles that nobody declares are told with their place, and with the name that may be meant. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { unknownAccess } from '../src/declared/unknown-access.ts';
import { type Folder, makeFolder } from './support/folder.ts';

const CLUSTER = (name: string): string =>
  `kind: Cluster\nname: ${name}\nedition: community\nversion: "26.7"\nshards: [{ replicas: [{ host: ${name} }] }]\n`;

const RIGHT = `kind: Role
name: reader
on: [here, there]
---
kind: SettingsProfile
name: careful
on: here
settings: { max_threads: 2 }
to: [reader]
---
kind: User
name: app
on: here
identified: { with: no_password }
default_roles: [reader]
profiles: [careful, default]
---
kind: Grant
to: app
on: here
roles: [reader]
---
kind: Grant
to: default
on: here
roles: [reader]
---
kind: Quota
name: q
on: here
intervals: [{ every: 1 HOUR, limits: { queries: 10 } }]
to: { all_except: [app] }
---
kind: RowPolicy
name: p
on: here
database: d
table: t
filter: '1'
to: [app]
`;

let folder: Folder;
beforeAll(async () => {
  folder = await makeFolder({
    'clusters/here.yaml': CLUSTER('here'),
    'clusters/there.yaml': CLUSTER('there'),
    'schemas/a.yaml': RIGHT,
  });
});
afterAll(() => folder?.remove());

async function told(text: string): Promise<string[]> {
  await folder.write({ 'schemas/a.yaml': text });
  const findings = unknownAccess(await loadEstate(folder.path));
  return findings.map(({ severity, message, place }) => `${place?.line} ${severity}: ${message}`);
}

test('nothing is told of names that are declared, or that come with every server', async () => {
  expect(await told(RIGHT)).toEqual([]);
});

test('names that nobody declares are told, with what may be meant', async () => {
  const wrong = RIGHT.replace('default_roles: [reader]', 'default_roles: [raeder]')
    .replace('profiles: [careful, default]', 'profiles: [carful]')
    .replace('roles: [reader]\n---\nkind: Quota', 'roles: [writers]\n---\nkind: Quota')
    .replace('all_except: [app]', 'all_except: [apps]')
    .replace("filter: '1'\nto: [app]", "filter: '1'\nto: [nobody]");
  expect(await told(wrong)).toEqual([
    '11 warning: user app, on cluster here: no settings profile `carful` is declared there; did you mean `careful`?',
    '11 warning: user app, on cluster here: no role `raeder` is declared there; did you mean `reader`?',
    '23 warning: grant roles TO default, on cluster here: no role `writers` is declared there',
    '28 warning: quota q, on cluster here: no user or role `apps` is declared there; did you mean `app`?',
    '34 warning: row policy p ON d.t, on cluster here: no user or role `nobody` is declared there',
  ]);
});

test('a default role that no Grant gives is told, and one of another cluster is unknown', async () => {
  const there = RIGHT.replace('name: app\non: here', 'name: app\non: [here, there]').replace(
    'to: app\non: here\nroles: [reader]',
    'to: app\non: here\nroles: []',
  );
  expect(await told(there)).toEqual([
    '11 warning: user app, on cluster here: no Grant gives it its default role `reader`',
    '11 warning: user app, on cluster there: no settings profile `careful` is declared there',
    '11 warning: user app, on cluster there: no Grant gives it its default role `reader`',
  ]);
});
